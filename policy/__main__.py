"""What `pulumi --policy-pack policy` runs."""

import sys
from pathlib import Path

# The engine runs the folder; rules ask the kinds beside it what a change replaces.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy.pack import serve

serve()
