"""The account API of Prefect Cloud: who may do what, where. Kept in SQLite."""
