"""The peers of the truth benchmark: other tools asked about the same cases, each in an environment of its own.

``registry.py`` says which peers there are and what of their output is taken as an alarm; a folder a peer holds its
pinned requirements and the script that asks it; ``kit/`` is what these scripts share. Neither a script nor the kit
imports ``audit_pipeline``: a peer's environment does not have it.

    python -m benchmarks.truth.peers build                     # environments below benchmarks/truth/.peers
    python -m benchmarks.truth.peers run CASES OUTDIR          # every peer over every case; resumes
    python -m benchmarks.truth.peers table                     # the registry as a Markdown table
"""
