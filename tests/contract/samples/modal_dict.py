"""A Modal dict."""

from __future__ import annotations

from tests.support.modal_stores import store_sample

SAMPLE = store_sample("Dict")
