"""What a person looks at: the panel in a terminal (:mod:`panel`) and the page in a browser (:mod:`page`).

Nothing here judges. Both show a verdict that was made before, and every text that comes from data passes
:func:`audit_pipeline.report.text.visible` on its way.
"""
