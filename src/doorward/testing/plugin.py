"""The pytest plugin: fixtures that prove an app's doors are shut."""

from __future__ import annotations
