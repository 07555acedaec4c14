"""Flow projects: a prefect.yaml as desired state."""

from .component import FlowProject, Surroundings
from .overlay import FlowProjectSettings, GitSource, Overlay

__all__ = [
    "FlowProject",
    "FlowProjectSettings",
    "GitSource",
    "Overlay",
    "Surroundings",
]
