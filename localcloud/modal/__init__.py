"""A local Modal control plane: `modal_proto` over gRPC, spoken on loopback.

The unmodified `modal` client, CLI and container runtime drive it; what it holds
survives `kill -9`. Start it with `python -m localcloud.modal --help`, and read
`docs/localcloud-modal.md` for what it covers and how that was established.
"""
