"""The first steps of the engine's Python processes, under whatever python3 there is.

    language_host     finds a Python with the SDK's protocol and serves `host` in it
    dynamic_provider  runs `pulumi.dynamic` in the program's Python
    executor          runs one program, in the program's Python
    pythons           finds those Pythons

Standard library only: nothing else is sure to be there.
"""
