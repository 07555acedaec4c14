"""The Python language host that stands in for Pulumi's compiled one.

The engine starts it as `pulumi-language-python` and calls it over gRPC (service
`pulumirpc.LanguageRuntime`, described in Pulumi's `proto/pulumi/language.proto`).

    server    the process: serves, and ends with the engine
    service   the protocol's methods, each handed to one of the modules below
    programs  Run: the user's program
    plugins   RunPlugin: policy packs and components from source
    policies  what stands between the engine and a policy pack
    packages  which provider plugins a program's packages need
    toolchain the Python that runs all of these, and its dependencies
    options   `runtime.options` of Pulumi.yaml
    children  the processes started here, which never outlive the host

Copied whole into the engine's folder by `tools/engine/install.py`, hence relative
imports only.
"""
