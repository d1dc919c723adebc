"""The pictures of the page, one file a kind, as inline SVG without any library."""
