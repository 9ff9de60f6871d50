"""Fuzzing of what reads foreign text: ``targets`` say what must hold of any input, ``run`` looks for inputs that break it."""
