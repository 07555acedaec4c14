"""The one router that every module of operations registers with."""

from __future__ import annotations

from localcloud.github.routing import Router

router = Router()
