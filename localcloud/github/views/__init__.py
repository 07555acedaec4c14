"""How stored objects look on the wire, with every member GitHub's description asks."""
