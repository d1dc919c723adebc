"""The table and the recordings that the audit beside this file reads."""

import dagster as dg

from assets.raw import raw_asset

defs = dg.Definitions(assets=[raw_asset("covid_repaired")])
