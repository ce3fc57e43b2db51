"""The client credentials grant: a confidential client acts as its own service account. RFC 6749 §4.4."""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features.client_credentials.flow import redeem

FEATURE = Feature(name="client_credentials", grants={"client_credentials": redeem})
