"""Every kind of bad scenario, and the exact sentences that it is answered with.

A case is what to replace in the small scenario and by what; the lines with ! are the sentences.
"""

from __future__ import annotations

import io
import sys

import pytest

from planner.catalog import load_catalog
from planner.errors import ScenarioError
from planner.rules import check_references
from planner.scenario import Scenario, load_scenario
from tests.small import edited, edits, here, load, refusal, write  # noqa: F401

EDITS = r"""
# Fields: unknown, missing, of the wrong type
power_mw: => power_mv:
! s.yaml:8: sites.dallas.power_mv: unknown field; nearest: power_mw
name: small => name: small\nworkload: 3
! s.yaml:2: workload: unknown field; nearest: workloads
name: small => name: small\nserver: {min_served: 1}
! s.yaml:2: server: unknown field; nearest: service
name: small => name: ''
! s.yaml:1: name: this is empty; give it a name
name: small => name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
! s.yaml:1: name: this is longer than 80 characters
name: small => name: small\nservice: {1.5: 2}
! s.yaml:2: service.1.5: unknown field; known: min_served, survive
name: small => name: small\nobjective:
! s.yaml:2: objective: this is empty; give it a value or remove the line
name: small => name: small\n2027: 1
! s.yaml:2: 2027: unknown field; known: blocks, budget, catalogs, contracts, description, finance, futures, horizon, load_shapes, name, objective, procurement, quotes, revealed, service, sites, solve, tail_ratio, token_quotes, trust, version, workloads
    region: us\n =>
! s.yaml:6: sites.dallas.region: this field is missing
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 4}\n =>
! s.yaml:1: horizon: this field is missing
periods: 4 => periods: four
! s.yaml:2: horizon.periods: 'four' is not a whole number
periods: 4 => periods: 4.5
! s.yaml:2: horizon.periods: 4.5 is not a whole number
periods: 4 => periods: true
! s.yaml:2: horizon.periods: true is not a number
periods: 4 => periods: 0
! s.yaml:2: horizon.periods: this has to be at least 1, not 0
periods: 4 => periods: 4, period: {month: 1}
! s.yaml:2: horizon.period: a mapping is none of month, quarter, year; nearest: month
periods: 4 => periods: 4, period: [month]
! s.yaml:2: horizon.period: a list is none of month, quarter, year; nearest: month
model: tiny => model: 70
! s.yaml:14: workloads.chat.model: expected text, not 70; put it in quotes
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 4} => horizon: [1, 2]
! s.yaml:2: horizon: expected a mapping of fields, such as {decided_on: ..., start: ...}, not a list
blocks: => futures: {name: base}\nblocks:
! s.yaml:4: futures: expected a list, such as [a, b], not a mapping
sites:\n  - name: dallas\n    region => sites:\n    name: dallas\n    region
! s.yaml:5: sites: expected a list, such as [a, b], not a mapping
tokens: {input: 100, output: 100} => tokens: 100
! s.yaml:15: workloads.chat.tokens: expected a mapping of fields, such as {input: ..., output: ...}, not 100
{2027-01: 2, 2028-01: 4} => plenty
! s.yaml:8: sites.dallas.power_mw: 'plenty' is neither a number nor a schedule by date, such as {2027-01: 1.0}
2028-01: 4 => 2028-01: four
! s.yaml:8: sites.dallas.power_mw.2028-01: 'four' is not a number
2028-01: 4 => 2028-13: 4
! s.yaml:8: sites.dallas.power_mw.2028-13: '2028-13' is no date; write 2027-01-31, 2027-01 or 2027
{2027-01: 2, 2028-01: 4} => {}
! s.yaml:8: sites.dallas.power_mw: an empty schedule; write a number or {2027-01: 1.0}
2028-01: 4 => 2027-01-01: 4
! s.yaml:8: sites.dallas.power_mw: two values for the same date
2028-01: 4 => 2028-01: -4
! s.yaml:8: sites.dallas.power_mw.2028-01: -4 is negative
{2027-01: 2, 2028-01: 4} => -1
! s.yaml:8: sites.dallas.power_mw: -1 is negative
{2027-01: 2, 2028-01: 4} => true
! s.yaml:8: sites.dallas.power_mw: expected a number or a schedule by date, such as {2027-01: 1.0}
{2027-01: 2, 2028-01: 4} => [1,2]
! s.yaml:8: sites.dallas.power_mw: '[1, 2]' is neither a number nor a schedule by date, such as {2027-01: 1.0}
{2027-01: 2, 2028-01: 4} =>
! s.yaml:8: sites.dallas.power_mw: this is empty; give it a value or remove the line
# Ranges
region: us => region: us\n    colocation_usd_per_kw_month: -5
! s.yaml:8: sites.dallas.colocation_usd_per_kw_month: this has to be at least 0, not -5
region: us => region: us\n    usable_share: 1.2
! s.yaml:8: sites.dallas.usable_share: this has to be at most 1, not 1.2
region: us => region: us\n    usable_share: 0
! s.yaml:8: sites.dallas.usable_share: this has to be above 0, not 0
name: small => name: small\nfinance: {discount_rate: 10}
! s.yaml:2: finance.discount_rate: this has to be below 1, not 10
design: 1.2 => design: 0.9
! s.yaml:9: sites.dallas.pue.air.design: this has to be at least 1, not 0.9
design: 1.2 => design: .inf
! s.yaml:9: sites.dallas.pue.air.design: '.inf' is not a finite number
design: 1.2 => design: 1e999
! s.yaml:9: sites.dallas.pue.air.design: '1e999' is not a finite number
design: 1.2 => design: .nan
! s.yaml:9: sites.dallas.pue.air.design: '.nan' is not a finite number
# Dates and the calendar
start: 2027-01 => start: 2027-13
! s.yaml:2: horizon.start: '2027-13' is no date; write 2027-01-31, 2027-01 or 2027
start: 2027-01 => start: soon
! s.yaml:2: horizon.start: 'soon' is no date; write 2027-01-31, 2027-01 or 2027
2026-12-01 => 2027-12-01
! s.yaml:2: horizon.decided_on: 2027-12-01 is after start 2027-01-01
start: 2027-01 => start: 2027-02
! s.yaml:2: horizon.start: 2027-02-01 does not begin a calendar quarter, so periods would straddle years; nearest: 2027-01 or 2027-04
start: 2027-01, periods: 4 => start: 2027-04, periods: 4, period: year
! s.yaml:2: horizon.start: 2027-04-01 does not begin a calendar year, so periods would straddle years; nearest: 2027-01 or 2028-01
# Choices
periods: 4 => periods: 4, period: quarters
! s.yaml:2: horizon.period: 'quarters' is none of month, quarter, year; nearest: quarter
name: small => name: small\nobjective: happiness
! s.yaml:2: objective: 'happiness' is none of cost, cost_per_token, tokens, profit
load: office => load: office\n    sla: {ttft_s: 1, ttft_percentile: 96}
! s.yaml:18: workloads.chat.sla.ttft_percentile: 96 is none of 50, 90, 95, 99; nearest: 99
load: office => load: office\n    tpot_ms: 50
! s.yaml:18: workloads.chat.tpot_ms: unknown field; it belongs to sla, as in sla: {tpot_ms: ...}
{air: {design: 1.2, annual: 1.2}, liquid: {design: 1.1, annual: 1.1}} => 1.2
! s.yaml:9: sites.dallas.pue: expected a mapping, such as {name: {design: ..., annual: ...}}, not 1.2
pue: {air => cooling: [air, liqid]\n    pue: {air
! s.yaml:9: sites.dallas.cooling.1: 'liqid' is none of air, liquid; nearest: liquid
liquid: {design => liqid: {design
! s.yaml:9: sites.dallas.pue.liqid: 'liqid' is none of air, liquid; nearest: liquid
name: small => name: small\nprocurement: {buy: perhaps}
! s.yaml:2: procurement.buy: 'perhaps' is not true or false
# YAML
region: us => region: us\n    region: eu
! s.yaml:8: sites.dallas.region: this field is given twice, first on line 7
sites: => name: again\nsites:
! s.yaml:5: name: this field is given twice, first on line 1
blocks: {day: 0.5, night: 0.5} => blocks: {day: 0.5, night: 0.5
! s.yaml:5: this is not valid YAML: a bracket opened on line 4 is not closed, or a comma is missing
name: small => name: 'small
! s.yaml:18: this is not valid YAML: a quote is opened and not closed
    region: us => \tregion: us
! s.yaml:7: this is not valid YAML: a tab stands here; YAML indents with spaces
horizon: => horizon
! s.yaml:2: this is not valid YAML: a ':' cannot stand here; check the indentation, or put the text in quotes
region: us => region: - us
! s.yaml:7: this is not valid YAML: a '- ' cannot stand here; check the indentation
name: small => name: small: one
! s.yaml:1: this is not valid YAML: a ':' cannot stand here; check the indentation, or put the text in quotes
    model: tiny =>    model: tiny
! s.yaml:14: this is not valid YAML: the indentation does not fit the lines above
name: small => name: !python/object x
! s.yaml:1: name: the YAML tag '!python/object' means nothing here
name: small => name: &a [*a]
! s.yaml:1: name.0: an alias makes this value contain itself
name: small => name: *a
! s.yaml:1: this is not valid YAML: found undefined alias 'a'
name: small => name: small\n? [a, b]\n: 3
! s.yaml:2: a field's name has to be a single word
name: small => name: small\n<<: {objective: cost}
! s.yaml:2: YAML 1.2 has no merge key '<<'; repeat the fields, or use extends
# Names that the catalog or the scenario has to know
region: us => region: us\n    existing: [{system: nod, count: 1, in_service: 2024-01}]
! s.yaml:8: sites.dallas.existing.0.system: unknown system 'nod'; nearest: node
region: us => region: us\n    existing: [{system: node, count: 1, in_service: 2024-01, until: 2023-01}]
! s.yaml:8: sites.dallas.existing.0.until: 2023-01-01 is not after in_service 2024-01-01
name: small => name: small\nprocurement:\n  systems: {deny: [nodes]}\n  providers: {allow: [acne], deny: [zenit]}\n  quotas: [{system: nodee, gpus: 8, provider: acm}]\n  lead_weeks: {noode: 3, reserved_1yr: 4}\n  spot_availability: {dai: 0.5}\n  software_gain_per_year: {nde: 0.1}
! s.yaml:3: procurement.systems.deny.0: unknown system 'nodes'; nearest: node
! s.yaml:4: procurement.providers.allow.0: unknown provider 'acne'; nearest: acme
! s.yaml:4: procurement.providers.deny.0: unknown provider 'zenit'; nearest: zenith
! s.yaml:5: procurement.quotas.0.provider: unknown provider 'acm'; nearest: acme
! s.yaml:5: procurement.quotas.0.system: unknown system 'nodee'; nearest: node
! s.yaml:6: procurement.lead_weeks.noode: unknown system or reserved term 'noode'; nearest: node
! s.yaml:6: procurement.lead_weeks.reserved_1yr: unknown system or reserved term 'reserved_1yr'; nearest: reserved_1y
! s.yaml:7: procurement.spot_availability.dai: unknown block 'dai'; nearest: day
! s.yaml:8: procurement.software_gain_per_year.nde: unknown system 'nde'; nearest: node
load: office\n => load: office\n  - name: train\n    kind: gpu_hours\n    demand: {gpu_hours_per_day: 100}\n    gpu_hours_weight: {nodde: 1}\n
! s.yaml:21: workloads.train.gpu_hours_weight.nodde: unknown system 'nodde'; nearest: node
name: small => name: small\nprocurement: {hourly_depth_gpus: {acne: 64}}
! s.yaml:2: procurement.hourly_depth_gpus.acne: unknown provider 'acne'; nearest: acme
name: small => name: small\nprocurement: {hourly_depth_gpus: {acme: many}}
! s.yaml:2: procurement.hourly_depth_gpus.acme: 'many' is not a number
name: small => name: small\nprocurement: {hourly_depth_gpus: {acme: -8}}
! s.yaml:2: procurement.hourly_depth_gpus.acme: -8 is negative
name: small => name: small\nprocurement: {hourly_depth_gpus: all}
! s.yaml:2: procurement.hourly_depth_gpus: 'all' is not a number of GPUs; write a number, {nebius: 1024} or null for any number
name: small => name: small\nprocurement: {hourly_depth_gpus: {}}
! s.yaml:2: procurement.hourly_depth_gpus: this is empty; write a number of GPUs, {nebius: 1024} or null for any number
name: small => name: small\nprocurement: {hourly_depth_gpus: .inf}
! s.yaml:2: procurement.hourly_depth_gpus: '.inf' is not a finite number
name: small => name: small\nprocurement: {providers: {max_share_of: gpus}}
! s.yaml:2: procurement.providers.max_share_of: 'gpus' is none of gpus_peak, gpu_hours; nearest: gpus_peak
# Workloads
model: tiny => model: tiny\n    kind: gpu_hours
! s.yaml:17: workloads.chat.demand: a gpu_hours workload is forecast in gpu_hours_per_day
load: office\n => load: office\n  - name: train\n    kind: gpu_hours\n    demand: {gpu_hours_per_day: 100}\n
! s.yaml:18: workloads.train.gpu_hours_weight: this field is missing; a gpu_hours workload names the systems that may run it
    model: tiny\n =>
! s.yaml:13: workloads.chat.model: this field is missing; a workload of kind interactive has one
load: office\n => load: office\n  - {name: train, kind: gpu_hours, model: tiny, demand: {gpu_hours_per_day: 1}, gpu_hours_weight: {node: 1}}\n
! s.yaml:18: workloads.train.model: this does not belong to a gpu_hours workload
load: office => load: office\n    gpu_hours_weight: {node: 1}
! s.yaml:18: workloads.chat.gpu_hours_weight: this belongs to workloads of kind: gpu_hours
output_mtok_per_day => gpu_hours_per_day
! s.yaml:16: workloads.chat.demand: gpu_hours_per_day belongs to workloads of kind: gpu_hours
{output_mtok_per_day => {requests_per_s: 3, output_mtok_per_day
! s.yaml:16: workloads.chat.demand: give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day, csv, users and trace
demand: {output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}} => demand: {}
! s.yaml:16: workloads.chat.demand: give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day, csv, users and trace
load: office => load: office\n    min_replicas: 2
! s.yaml:18: workloads.chat.min_replicas: this needs whole_replicas: true
load: office => load: office\n    prefix_cache_hit_share: 1
! s.yaml:18: workloads.chat.prefix_cache_hit_share: this has to be below 1, not 1
load: office => load: office\n    prefix_cache_hit_share: -0.1
! s.yaml:18: workloads.chat.prefix_cache_hit_share: this has to be at least 0, not -0.1
load: office => load: office\n    prefix_cache_hits: 0.5
! s.yaml:18: workloads.chat.prefix_cache_hits: unknown field; nearest: prefix_cache_hit_share
load: office => load: office\n    interpolate: often
! s.yaml:18: workloads.chat.interpolate: 'often' is not true or false
tokens: {input: 100, output: 100} => tokens: {input: 900, output: 100}\n    token_api: false
! s.yaml:15: workloads.chat.tokens: no configuration of tiny was measured at, or on either side of, 900 input / 100 output tokens; nearest measured: 100 / 100
model: tiny => model: tinny
! s.yaml:14: workloads.chat.model: unknown model 'tinny'; nearest: tiny
load: office => load: offices
! s.yaml:17: workloads.chat.load: unknown load shape 'offices'; nearest: office
# Load shapes, blocks, futures
day: 1.5, night: 0.5 => day: 1.5, night: 0.6
! s.yaml:11: load_shapes.office: the mean of the levels, weighted with the blocks' shares, is 1.05; it has to be 1
day: 1.5, night: 0.5 => day: 1.5, nigth: 0.5
! s.yaml:11: load_shapes.office: unknown block 'nigth'; nearest: night
{day: 1.5, night: 0.5} => {day: 2}
! s.yaml:11: load_shapes.office: no level for block 'night'
day: 0.5, night: 0.5 => day: 0.5, night: 0.4
! s.yaml:4: blocks: the shares add up to 0.9, not 1
day: 0.5, night: 0.5 => day: 1.5, night: -0.5
! s.yaml:4: blocks.day: this has to be at most 1, not 1.5
! s.yaml:4: blocks.night: this has to be at least 0, not -0.5
name: small => name: small\nfinance: {price_path: fall}
! s.yaml:2: finance.price_path: unknown price path 'fall'; nearest: falling
region: us => region: uk
! s.yaml:7: sites.dallas.region: no electricity price for region 'uk'; give electricity_usd_per_mwh; nearest: us
workloads: => futures:\n  - {name: base, probability: 0.6, demand_by_workload: {chatt: 2}}\n  - {name: boom, probability: 0.4}\nworkloads:
! s.yaml:13: futures.base.demand_by_workload.chatt: unknown workload 'chatt'; nearest: chat
workloads: => futures:\n  - {name: base, probability: 0.6, demand_by_workload: {chatt: 2}}\n  - {name: boom, probability: 0.3}\nworkloads:
! s.yaml:12: futures: the probabilities add up to 0.9, not 1
workloads: => futures:\n  - {name: base, probability: 0.6, demand_by_workload: {chatt: 2}}\n  - {name: base, probability: 0.4}\nworkloads:
! s.yaml:14: futures.base: the name 'base' is used twice
load_shapes: =>   - name: dallas\n    region: us\n    power_mw: 1\n    pue: {air: {design: 1.2, annual: 1.2}, liquid: {design: 1.1, annual: 1.1}}\nload_shapes:
! s.yaml:10: sites.dallas: the name 'dallas' is used twice
# Quotes and contracts
workloads: => quotes: [{provider: acme, system: node, term_months: 13, usd_per_gpu_hour: 3, lot_gpus: 8}]\nworkloads:
! s.yaml:12: quotes.0.term_months: 13 months are not a whole number of quarters; nearest: 12 or 15
workloads: => quotes: [{provider: acme, system: node, term_months: 12, lot_gpus: 8}]\nworkloads:
! s.yaml:12: quotes.0.usd_per_gpu_hour: this field is missing
workloads: => quotes: [{provider: acme, system: node, term_months: 12, usd_per_gpu_hour: 0, lot_gpus: 8}]\nworkloads:
! s.yaml:12: quotes.0.usd_per_gpu_hour: this has to be above 0, not 0
workloads: => quotes: [{provider: acme, system: node, term_months: 12, usd_per_gpu_hour: 3, lot_gpus: 8, min_lots: 4, max_lots: 2}]\nworkloads:
! s.yaml:12: quotes.0.min_lots: 4 is above max_lots 2
workloads: => contracts: [{provider: acme, system: node, gpus: 8, usd_per_gpu_hour: 3, start: 2027-01, end: 2026-01}]\nworkloads:
! s.yaml:12: contracts.0.end: 2026-01-01 is not after start 2027-01-01
# Sites
region: us => region: us\n    colocation_usd_per_kw_month: 150\n    lease: {it_kw: 900, usd_per_kw_month: 150}
! s.yaml:9: sites.dallas.lease: a lease is the bill, so it excludes colocation_usd_per_kw_month; give one of the two
, liquid: {design: 1.1, annual: 1.1} =>
! s.yaml:9: sites.dallas.pue: there is none for liquid cooling, which the hall has
region: us => region: us\n    conversion: {cost_usd: 1e6}
! s.yaml:8: sites.dallas.conversion: this adds liquid cooling, which cooling already lists
region: us => region: us\n    rack_positions: 10
! s.yaml:8: sites.dallas.rack_positions: this needs kw_per_rack_position beside it
region: us => region: us\n    kw_per_rack_position: 10
! s.yaml:8: sites.dallas.kw_per_rack_position: this needs rack_positions beside it
# Money
name: small => name: small\nbudget: {capex_usd: {2026: 1e6, 2027: 1e6}}
! s.yaml:2: budget.capex_usd.2026: 2026 is outside the solved horizon, 2027
name: small => name: small\nbudget: {capex_usd: lots}
! s.yaml:2: budget.capex_usd: 'lots' is not a number of USD; write a number or {2027: 70e6}
name: small => name: small\nbudget: {capex_usd: {2027: -3}}
! s.yaml:2: budget.capex_usd.2027: -3 is negative
name: small => name: small\nbudget: {capex_usd: {2027-01: 3}}
! s.yaml:2: budget.capex_usd.2027-01: '2027-01' is not a year; write a number or {2027: 70e6}
name: small => name: small\nbudget: {capex_usd: -3}
! s.yaml:2: budget.capex_usd: -3 is negative
name: small => name: small\nbudget: {capex_usd: {}}
! s.yaml:2: budget.capex_usd: this budget is empty; write a number or {2027: 70e6}
name: small => name: small\nbudget: {fiscal_year_start: 4, capex_usd: {2026: 1e6, 2028: 1e6}}
! s.yaml:2: budget.capex_usd.2026: FY2026 is outside the solved horizon, FY2027 to FY2028
name: small => name: small\nbudget: {fiscal_year_start: 5}
! s.yaml:2: budget.fiscal_year_start: 5: a quarter of the horizon would straddle fiscal years; nearest: 4 or 7, or periods of a month
name: small => name: small\nbudget: {fiscal_year_start: 12}
! s.yaml:2: budget.fiscal_year_start: 12: a quarter of the horizon would straddle fiscal years; nearest: 10, or periods of a month
name: small => name: small\nbudget: {fiscal_year_start: april}
! s.yaml:2: budget.fiscal_year_start: 'april' is not the number of a month; write 4
name: small => name: small\nbudget: {fiscal_year_start: 13}
! s.yaml:2: budget.fiscal_year_start: '13' is not the number of a month; write 1 to 12
name: small => name: small\nobjective: cost_per_token\nservice: {min_served: 0}
! s.yaml:3: service.min_served: the objective cost_per_token needs a share above 0: serving nothing would be cheapest
# Files and sizes
catalogs: [cat] => catalogs: [cats]
! s.yaml:3: catalogs.0: no such catalog folder: cats; write builtin or the path of a folder
catalogs: [cat] => catalogs: []
! s.yaml:3: catalogs: this list is empty; it needs at least one entry
{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}} => {csv: d.csv}
! s.yaml:16: workloads.chat.demand.csv: no such file: d.csv
periods: 4 => periods: 4000
! s.yaml:2: horizon.periods: the horizon is 1000 years long, lookahead included; at most 50
periods: 4 => periods: 4000000000000
! s.yaml:2: horizon.periods: this has to be at most 1,000,000,000
start: 2027-01 => start: 9999-10
! s.yaml:2: horizon.start: 9999-10-01 is outside the years 1970 to 2199
"""  # noqa: E501


def test_the_small_scenario_is_fine() -> None:
    assert load().name == "small"


@pytest.mark.parametrize(("old", "new", "sentences"), edits(EDITS))
def test_scenario(old: str, new: str, sentences: str) -> None:
    write({"s.yaml": edited(old, new)})
    assert refusal() == sentences


def test_faults_know_their_place() -> None:
    write({"s.yaml": edited("power_mw:", "power_mv:")})
    with pytest.raises(ScenarioError) as refused:
        load()
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.field) == ("s.yaml", 8, "sites.dallas.power_mv")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(edited("periods: 4", "periods: 0")))
    with pytest.raises(ScenarioError, match=r"^<text>:2: horizon.periods: this has to be at least 1, not 0$"):
        load_scenario("-")


def test_standard_input_that_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    with pytest.raises(ScenarioError, match=r"this is not a text file \(UTF-8\)$"):
        load_scenario("-")


def test_a_forecast_in_a_file_needs_a_scenario_in_a_file() -> None:
    text = load().model_dump(exclude={"workloads": {0: {"demand"}}})
    text["workloads"][0]["demand"] = {"csv": "d.csv"}
    with pytest.raises(ScenarioError, match=r"^scenario: workloads.0.demand.csv: a CSV file is read where"):
        check_references(Scenario.model_validate(text), load_catalog(["cat"]))


def test_a_scenario_built_in_python_names_the_field_alone() -> None:
    scenario = load()
    bare = Scenario.model_validate(scenario.model_dump() | {"finance": {"price_path": "fall"}})
    with pytest.raises(ScenarioError) as refused:
        check_references(bare, load_catalog(["cat"]))
    assert str(refused.value) == "scenario: finance.price_path: unknown price path 'fall'; nearest: falling"
