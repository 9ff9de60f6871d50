"""Faults on real runs: what readers see during and after each, and whether the next run ends as if it had not been.

``python -m etl_project_tests.chaos`` tries them all (hours), ``--short`` some of each (minutes). Both print a table
and fail if a fault was not survived. Nothing in the product knows of this: faults come from outside (signals, limits,
file systems, system calls) or from an audit hook of the interpreter.
"""
