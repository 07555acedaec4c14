"""`python -m tools.from_terraform`: a Terraform state becomes a stack's config.

    state         what Terraform keeps of PrefectHQ/terraform-provider-prefect's objects
    wires         each of these as Prefect's API would write it
    automations   triggers and actions, which the provider has in a shape of its own
    convert       … and so as the settings that describe it

Nothing is asked of Prefect: the state alone is read. From there on it is as with
`components.discover`, whose description and proof this uses.
"""
