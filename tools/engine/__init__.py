"""The Pulumi engine that this checkout uses: found, fetched or built.

    install   the command
    routes    the ways to an engine, in the order in which they are tried
    release   which version, and what counts as new enough
    build     the way from Go modules
    layout    what is put beside a built engine so that it runs Python programs
    host      the language host, which the engine calls
    launch    the first steps of the engine's Python processes

Standard library only: this runs before any environment exists.
"""
