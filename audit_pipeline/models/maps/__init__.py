"""Maps of the records: each a point in the plane, near those that it is like.

Every file holds one way to draw such a map. None sees a label; :mod:`.tied` alone sees a column of metadata, whose traces it takes
out of the map.
"""
