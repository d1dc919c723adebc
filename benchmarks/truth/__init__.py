"""Does the verdict hold? Whole audits of data whose truth is known, scored against that truth and against other tools.

python -m benchmarks.truth run --size standard          # resumable; two or three hours on two cores
python -m benchmarks.truth page                         # writes docs/truth.md from what was run
"""
