"""Modal: one file a kind; importing this package registers them all."""

from .airflow import AirflowOnModal, DagBucket, DagVolume
from .dict import ModalDict
from .environment import ModalEnvironment
from .queue import ModalQueue
from .secret import ModalSecret
from .service_user import ModalServiceUser
from .token import ModalToken
from .volume import ModalVolume
from .volume_files import VolumeFiles

__all__ = [
    "AirflowOnModal",
    "DagBucket",
    "DagVolume",
    "ModalDict",
    "ModalEnvironment",
    "ModalQueue",
    "ModalSecret",
    "ModalServiceUser",
    "ModalToken",
    "ModalVolume",
    "VolumeFiles",
]
