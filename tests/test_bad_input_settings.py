"""Every kind of bad `--set`, and the exact sentences that it is answered with."""

from __future__ import annotations

import pytest

from tests.small import cases, here, refusal  # noqa: F401

# What stands after --set, and the sentences.
SETTINGS = r"""
sites.dalas.power_mw=1
! --set sites.dalas.power_mw: no site 'dalas'; nearest: dallas
sites.dallas.powr_mw=1
! --set sites.dallas.powr_mw: no field 'powr_mw' in sites.dallas; nearest: power_mw
site.dallas.power_mw=1
! --set site.dallas.power_mw: no field 'site' in the scenario; nearest: sites
sites.0.power_mw=-2
! --set sites.0.power_mw: sites.dallas.power_mw: -2 is negative
sites.3.power_mw=1
! --set sites.3.power_mw: no site '3'; known: dallas
horizon.periods=0
! --set horizon.periods: this has to be at least 1, not 0
horizon.periods=many
! --set horizon.periods: 'many' is not a whole number
horizon.periods
! --set horizon.periods: write path=value, such as --set sites.dallas.power_mw=12
=3
! --set =3: write path=value, such as --set sites.dallas.power_mw=12
horizon.periods=[
! --set horizon.periods: '[': this is not valid YAML: the text ends inside a bracket
quotes.0.usd_per_gpu_hour=3
! --set quotes.0.usd_per_gpu_hour: no quote '0': the scenario lists none
blocks.day.x=3
! --set blocks.day.x: blocks.day has no parts, so there is no 'x' in it
name.x=3
! --set name.x: name has no parts, so there is no 'x' in it
horizon.periods.x=3
! --set horizon.periods.x: horizon.periods has no parts, so there is no 'x' in it
sites.dallas.power_mw.2028-01=-3
! --set sites.dallas.power_mw.2028-01: -3 is negative
sites.dallas.power_mw.202801=3
! --set sites.dallas.power_mw.202801: '202801' is no date; write 2027-01-31, 2027-01 or 2027
workloads.chat.precisions=[fp8, mxpf4]
! --set workloads.chat.precisions: workloads.chat.precisions.1: 'mxpf4' is none of fp4, mxfp4, fp8, bf16, int4; nearest: mxfp4
workloads.chat.engines=[vlm]
! --set workloads.chat.engines: workloads.chat.engines.0: unknown engine 'vlm'; nearest: vllm
workloads.chat.engines=[]
! --set workloads.chat.engines: this list is empty; it needs at least one entry
workloads.chat.accuracy={evaluation: sums}
! --set workloads.chat.accuracy: give exactly one of min_score_share and max_loss_points
workloads.chat.accuracy={evaluation: sums, min_score_share: 0.8, max_loss_points: 1}
! --set workloads.chat.accuracy: give exactly one of min_score_share and max_loss_points
workloads.chat.accuracy={evaluation: sums, max_loss_points: -1}
! --set workloads.chat.accuracy: workloads.chat.accuracy.max_loss_points: this has to be at least 0, not -1
workloads.chat.accuracy={evaluation: sums, max_loss_points: 101}
! --set workloads.chat.accuracy: workloads.chat.accuracy.max_loss_points: this has to be at most 100, not 101
workloads.chat.sla.ttft=1
! --set workloads.chat.sla.ttft: no field 'ttft' in workloads.chat.sla; nearest: ttft_s
budget.capex_usd.2040=3
! --set budget.capex_usd.2040: 2040 is outside the solved horizon, 2027
procurement.rent=[spots]
! --set procurement.rent: procurement.rent.0: 'spots' is none of on_demand, spot, reserved; nearest: spot
procurement.rent.0=spots
! --set procurement.rent.0: no rent '0': the scenario lists none
procurement.lead_weeks.nodd=3
! --set procurement.lead_weeks.nodd: unknown system or reserved term 'nodd'; nearest: node
trust.vendor=2
! --set trust.vendor: this has to be at most 1, not 2
catalogs.0=nocat
! --set catalogs.0: no such catalog folder: nocat; write builtin or the path of a folder
load_shapes.office.day=3
! s.yaml:11: load_shapes.office: the mean of the levels, weighted with the blocks' shares, is 1.75; it has to be 1
extends=3
! --set extends: no field 'extends' in the scenario; nearest: sites
sites.dallas=3
! --set sites.dallas: sites.0: expected a mapping of fields, such as {name: ..., region: ...}, not 3
sites=dallas
! --set sites: expected a list, such as [a, b], not 'dallas'
sites.dallas.lease.it_kw=3
! --set sites.dallas.lease.it_kw: sites.dallas.lease.usd_per_kw_month: this field is missing (per contracted IT kW)
sites..x=3
! --set sites..x: no site ''; known: dallas
futures.base.probability=1
! --set futures.base.probability: no future 'base': the scenario lists none
name=
! --set name: this is empty; give it a value or remove the line
"""  # noqa: E501


@pytest.mark.parametrize(("override", "sentences"), list(cases(SETTINGS)))
def test_set(override: str, sentences: str) -> None:
    assert refusal(override) == sentences
