PRAGMA application_id = 1347174734;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    saved_at TEXT NOT NULL,
    scenario TEXT NOT NULL,
    scenario_digest TEXT NOT NULL,
    scenario_text TEXT NOT NULL,
    folder TEXT NOT NULL,
    overrides TEXT NOT NULL,
    catalog_digest TEXT NOT NULL,
    versions TEXT NOT NULL,
    result_text TEXT NOT NULL,
    view TEXT NOT NULL,
    decisions TEXT NOT NULL,
    served TEXT NOT NULL
);
INSERT INTO "runs" VALUES(1,'2026-12-01T00:00:00+00:00','tiny','83b6ae145470c50e','version: 1
name: tiny
description: One model, one hall, one system to buy or to rent by the hour, two years.
horizon: {decided_on: ''2026-12-01'', start: 2027-01, periods: 2, period: year}
catalogs: [builtin]
finance: {discount_rate: 0.1, token_basis: output}
blocks: {day: 0.5, night: 0.5}
sites:
- name: hall
  region: us-south
  power_mw: 0.06
  pue:
    air: {design: 1.25, annual: 1.25}
  cooling: [air]
  electricity_usd_per_mwh: 72.5
  colocation_usd_per_kw_month: 150
load_shapes:
  two-to-one: {day: 1.3333333333333333, night: 0.6666666666666667}
workloads:
- name: chat
  model: llama-3.3-70b
  tokens: {input: 1024, output: 1024}
  demand:
    output_mtok_per_day: {''2027-01-01'': 2400}
  load: two-to-one
  sla: {ttft_s: 2.0, tpot_ms: 25}
  headroom: 0.15
procurement:
  rent: [on_demand]
  token_api: false
  systems:
    allow: [hgx-h200]
  providers:
    allow: [together]
  lead_weeks: {hgx-h200: 4}
','/','[]','72d94bb4d7b66232','{"planner": "0.1.0", "python": "3.11.7", "ortools": "9.15.6755", "pulp": "3.3.2", "numpy": "2.4.6", "scipy": "1.17.1"}','{
 "version": 1,
 "planner": "0.1.0",
 "scenario": "tiny",
 "scenario_digest": "83b6ae145470c50e",
 "status": "optimal",
 "solver": {
  "name": "relay",
  "version": "ortools 9.15.6755",
  "objective": "cost",
  "unit": "USD NPV",
  "value": 1112668.5163480064,
  "bound": 1112668.5163480064,
  "objective_usd": 1112668.5163480064,
  "best_bound_usd": 1112668.5163480064,
  "gap": 0,
  "gap_asked": 0.001,
  "seconds": 0.3152778129988292,
  "seed": 1,
  "variables": 16,
  "integers": 4,
  "constraints": 16,
  "coefficients": 31,
  "reproducible": true,
  "legs": [
   {
    "name": "relaxation",
    "solver": "glop",
    "status": "optimal",
    "objective": 1050235.4236864792,
    "bound": 1050235.4236864795,
    "seconds": 0.004347297999629518
   },
   {
    "name": "neighbourhood",
    "solver": "highs",
    "status": "optimal",
    "objective": 1112668.5163480064,
    "bound": null,
    "seconds": 0.0043725979994633235
   },
   {
    "name": "whole",
    "solver": "highs",
    "status": "optimal",
    "objective": 1112668.516348007,
    "bound": 1112668.5163480067,
    "seconds": 0.020790031001524767
   }
  ]
 },
 "kpis": {
  "levelised_usd_per_mtok_output": 0.696890502791543,
  "levelised_usd_per_mtok_total": 0.3484452513957715,
  "npv_usd": 1112668.5163480064,
  "npv_revenue_usd": 0,
  "npv_profit_usd": -1112668.5163480064,
  "cash_usd": 1642830.1767673108,
  "capex_usd": 1121250,
  "opex_usd": 521580.1767673108,
  "revenue_usd": 0,
  "peak_cumulative_cash_usd": 1642830.1767673108,
  "tokens_output": 1754400000000,
  "tokens_total": 3508800000000,
  "served_share": 1,
  "peak_provisioned_utility_mw": 0.042075,
  "energy_mwh": 423.8744917443173,
  "output_tokens_per_s_per_provisioned_mw": 582101.9431790673,
  "tokens_per_kwh_drawn": 3649362.5510380534,
  "usd_per_gpu_hour": 3.521842470112142,
  "usd_per_gpu_hour_owned": 2.25765954539614,
  "utilisation_by_block": {
   "day": 1,
   "night": 0.6078549053258693
  },
  "idle_cost_usd": 290754.5889379982,
  "evidence_share": {
   "tokens": {
    "independent": 1
   },
   "cost": {
    "independent": 0.6531941140121099,
    "vendor": 0.22249149798336307,
    "scenario": 0.12431438800452706
   }
  },
  "rounding_gpu_hours": 21252.13910093297,
  "rounding_usd": 74846.6860663966
 },
 "purchases": [
  {
   "site": "hall",
   "system": "hgx-h200",
   "order_by": "2026-12-04",
   "in_service": "2027-01-01",
   "period": "2027",
   "count": 3,
   "gpus": 24,
   "cost_usd": 1121250.0000000002
  }
 ],
 "retirements": [],
 "contracts": [],
 "on_demand": [
  {
   "provider": "together",
   "region": "global",
   "system": "hgx-h200",
   "kind": "on_demand",
   "period": "2027",
   "block": "day",
   "gpus": 5.177035455641718,
   "cost_usd": 135825.73762130726
  },
  {
   "provider": "together",
   "region": "global",
   "system": "hgx-h200",
   "kind": "on_demand",
   "period": "2028",
   "block": "day",
   "gpus": 5.177035455641718,
   "cost_usd": 136197.86292985876
  }
 ],
 "token_api": [],
 "serving": [
  {
   "workload": "chat",
   "system": "hgx-h200",
   "pool": "hall/hgx-h200",
   "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2",
   "period": "2027",
   "block": "day",
   "gpus": 22.799999999999997,
   "replicas": 12,
   "gpus_per_replica": 2,
   "requests_per_s": 29.751328124999997,
   "ttft_ms": 810.6,
   "tpot_ms": 18.99,
   "by_tail_ratio": "",
   "evidence": "independent",
   "derived": "",
   "note": ""
  },
  {
   "workload": "chat",
   "system": "hgx-h200",
   "pool": "rented/hgx-h200",
   "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2",
   "period": "2027",
   "block": "day",
   "gpus": 4.918183682859632,
   "replicas": 3,
   "gpus_per_replica": 2,
   "requests_per_s": 6.417653356481485,
   "ttft_ms": 810.6,
   "tpot_ms": 18.99,
   "by_tail_ratio": "",
   "evidence": "independent",
   "derived": "",
   "note": ""
  },
  {
   "workload": "chat",
   "system": "hgx-h200",
   "pool": "hall/hgx-h200",
   "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2",
   "period": "2027",
   "block": "night",
   "gpus": 13.859091841429818,
   "replicas": 7,
   "gpus_per_replica": 2,
   "requests_per_s": 18.084490740740744,
   "ttft_ms": 810.6,
   "tpot_ms": 18.99,
   "by_tail_ratio": "",
   "evidence": "independent",
   "derived": "",
   "note": ""
  },
  {
   "workload": "chat",
   "system": "hgx-h200",
   "pool": "hall/hgx-h200",
   "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2",
   "period": "2028",
   "block": "day",
   "gpus": 22.799999999999997,
   "replicas": 12,
   "gpus_per_replica": 2,
   "requests_per_s": 29.751328124999997,
   "ttft_ms": 810.6,
   "tpot_ms": 18.99,
   "by_tail_ratio": "",
   "evidence": "independent",
   "derived": "",
   "note": ""
  },
  {
   "workload": "chat",
   "system": "hgx-h200",
   "pool": "rented/hgx-h200",
   "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2",
   "period": "2028",
   "block": "day",
   "gpus": 4.918183682859632,
   "replicas": 3,
   "gpus_per_replica": 2,
   "requests_per_s": 6.417653356481485,
   "ttft_ms": 810.6,
   "tpot_ms": 18.99,
   "by_tail_ratio": "",
   "evidence": "independent",
   "derived": "",
   "note": ""
  },
  {
   "workload": "chat",
   "system": "hgx-h200",
   "pool": "hall/hgx-h200",
   "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2",
   "period": "2028",
   "block": "night",
   "gpus": 13.859091841429818,
   "replicas": 7,
   "gpus_per_replica": 2,
   "requests_per_s": 18.084490740740744,
   "ttft_ms": 810.6,
   "tpot_ms": 18.99,
   "by_tail_ratio": "",
   "evidence": "independent",
   "derived": "",
   "note": ""
  }
 ],
 "unserved": [],
 "fleet": [
  {
   "site": "hall",
   "system": "hgx-h200",
   "period": "2027",
   "count": 3,
   "provisioned_utility_mw": 0.042075,
   "provisioned_it_mw": 0.03366,
   "limit_mw": 0.06,
   "energy_mwh": 211.6473180392282
  },
  {
   "site": "hall",
   "system": "hgx-h200",
   "period": "2028",
   "count": 3,
   "provisioned_utility_mw": 0.042075,
   "provisioned_it_mw": 0.03366,
   "limit_mw": 0.06,
   "energy_mwh": 212.2271737050891
  }
 ],
 "cashflow": [
  {
   "period": "2027",
   "category": "hardware",
   "usd": 975000,
   "npv_usd": 975000
  },
  {
   "period": "2027",
   "category": "network",
   "usd": 117000,
   "npv_usd": 117000
  },
  {
   "period": "2027",
   "category": "installation",
   "usd": 29250,
   "npv_usd": 29250
  },
  {
   "period": "2027",
   "category": "support",
   "usd": 48716.63244353183,
   "npv_usd": 46451.001629097824
  },
  {
   "period": "2027",
   "category": "colocation",
   "usd": 60546.52977412732,
   "npv_usd": 57730.734086231365
  },
  {
   "period": "2027",
   "category": "energy",
   "usd": 15344.430557844044,
   "npv_usd": 14630.817712331977
  },
  {
   "period": "2027",
   "category": "on_demand",
   "usd": 135825.73762130726,
   "npv_usd": 129508.98375075273
  },
  {
   "period": "2028",
   "category": "support",
   "usd": 48850.102669404514,
   "npv_usd": 42341.11468587467
  },
  {
   "period": "2028",
   "category": "colocation",
   "usd": 60712.410677618085,
   "npv_usd": 52622.840135133854
  },
  {
   "period": "2028",
   "category": "energy",
   "usd": 15386.470093618958,
   "npv_usd": 13336.313728010486
  },
  {
   "period": "2028",
   "category": "on_demand",
   "usd": 136197.86292985876,
   "npv_usd": 118050.30121044135
  },
  {
   "period": "2028",
   "category": "residual",
   "usd": -584813.1416837783,
   "npv_usd": -483253.5905898676
  }
 ],
 "binding": [],
 "audit": {
  "passed": true,
  "checks": 590,
  "worst_violation": 4.1850854991038085e-16
 },
 "catalog": {
  "digest": "72d94bb4d7b66232",
  "sources": [
   "compute-screener-2026-10",
   "delta-spares-2025",
   "dgx-h100-power",
   "inferencex-silicon-sample",
   "inferencex-specs-2026-04",
   "iren-h200-2024",
   "lbnl-idle-power",
   "nvidia-ai-enterprise-list",
   "nvidia-maxlps-2026",
   "planner-estimate",
   "spotwire-resale-2026"
  ]
 },
 "other_percentile": {
  "percentile": 99,
  "feasible": false,
  "npv_at_least_usd": null,
  "levelised_at_least_usd_per_mtok": null,
  "unmet": [
   "chat"
  ]
 }
}
','[{"sentence": "To order or sign next (decided on 2026-12-01):", "columns": [{"header": "", "right": false}, {"header": "", "right": false}, {"header": "", "right": true}], "rows": [["by 2026-12-04", "buy 3 × hgx-h200 for hall, in service 2027", "$1.12 M"]], "notes": []}, {"sentence": "The headline of tiny:", "columns": [{"header": "", "right": false}, {"header": "", "right": false}], "rows": [["levelised cost", "$0.697 per Mtok output, $0.348 per Mtok total (input + output)"], ["NPV of all cost", "$1.11 M, 2027 to 2028"], ["at p99 instead", "no plan: nothing is known to meet the latency targets of chat"], ["cash", "$1.64 M, 2027 to 2028, undiscounted: capex $1.12 M, opex $522 k"], ["peak power", "0.04 MW of 0.06 at hall (utility side) in 2027"], ["served", "100.0 % of the output tokens asked for: 1.75 trillion output, 3.51 trillion total"], ["status", "optimal: proven within 0 % (asked for 0.1 %); no plan is below $1,112,669"], ["audit", "passed: 590 checks, worst deviation 4e-16"], ["evidence, tokens", "independent 100 %"], ["evidence, cost", "independent 65 %, vendor 22 %, scenario 12 %"], ["engine", "relay (ortools 9.15.6755): 16 variables, 4 of them whole, 16 constraints"], ["solved in", "0.3 s: relaxation 0.0, neighbourhood 0.0, whole 0.0"]], "notes": []}, {"sentence": "Purchases and contracts by year:", "columns": [{"header": "year", "right": false}, {"header": "step", "right": false}, {"header": "GPUs", "right": true}, {"header": "order by", "right": false}, {"header": "cost, $ k", "right": true}], "rows": [["2027", "buy 3 × hgx-h200 for hall", "24", "2026-12-04", "1,121"]], "notes": []}, {"sentence": "Rented by the hour and called over the reported horizon:", "columns": [{"header": "by the hour", "right": false}, {"header": "at the peak", "right": true}, {"header": "cost, $ k", "right": true}], "rows": [["rent hgx-h200 on demand at together", "5.2 GPUs", "272"]], "notes": []}, {"sentence": "Serving by workload over the reported horizon, GPUs at their peak:", "columns": [{"header": "workload, served by", "right": false}, {"header": "GPUs", "right": true}, {"header": "share", "right": true}, {"header": "TTFT, s", "right": true}, {"header": "TPOT, ms", "right": true}, {"header": "evidence", "right": false}, {"header": "serving point", "right": false}], "rows": [["chat", "", "", "<= 2", "<= 25", "", ""], ["  hgx-h200 own", "23", "88 %", "0.811", "19.0", "independent", "fp8 agg tp2 c64x2"], ["  hgx-h200 rented", "4.9", "12 %", "0.811", "19.0", "independent", "fp8 agg tp2 c64x2"]], "notes": ["Latencies are the slowest point''s; evidence and point are those of the one that serves most."]}, {"sentence": "Power of hall provisioned against the cap, by year:", "columns": [{"header": "year", "right": false}, {"header": "used, MW", "right": true}, {"header": "cap, MW", "right": true}, {"header": "used", "right": true}, {"header": "", "right": false}], "rows": [["2027", "0.04", "0.06", "70 %", "##############......"], ["2028", "0.04", "0.06", "70 %", "##############......"]], "notes": []}, {"sentence": "No budget is set.", "columns": [], "rows": [], "notes": []}, {"sentence": "Cash by category and year, $ k:", "columns": [{"header": "category", "right": false}, {"header": "2027", "right": true}, {"header": "2028", "right": true}, {"header": "sum", "right": true}, {"header": "NPV", "right": true}], "rows": [["hardware", "975", "-", "975", "975"], ["network", "117", "-", "117", "117"], ["installation", "29", "-", "29", "29"], ["support", "49", "49", "98", "89"], ["colocation", "61", "61", "121", "110"], ["energy", "15", "15", "31", "28"], ["on demand", "136", "136", "272", "248"], ["resale value of hardware", "-", "-", "-", "-483"], ["cost", "1,382", "261", "1,643", "1,113"]], "notes": ["Years are undiscounted and reported periods only; NPV is over the solved horizon and its end."]}, {"sentence": "No limit binds in the reported horizon.", "columns": [], "rows": [], "notes": []}]','{"pools": [{"pool": "hall/hgx-h200", "supply": "own:hall/hgx-h200"}, {"pool": "rented/hgx-h200", "supply": "offer:together/global/hgx-h200/on_demand"}], "buys": [{"future": "base", "site": "hall", "system": "hgx-h200", "period": 0, "count": 3}], "keeps": [], "signs": [], "rents": [{"future": "base", "offer": "together/global/hgx-h200/on_demand", "period": 0, "block": "day", "lots": 0.6471294319552148}, {"future": "base", "offer": "together/global/hgx-h200/on_demand", "period": 1, "block": "day", "lots": 0.6471294319552148}], "conversions": [], "serving": [{"future": "base", "workload": "chat", "pool": "hall/hgx-h200", "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2", "period": 0, "block": "day", "gpus": 22.799999999999997, "replicas": null}, {"future": "base", "workload": "chat", "pool": "hall/hgx-h200", "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2", "period": 0, "block": "night", "gpus": 13.859091841429818, "replicas": null}, {"future": "base", "workload": "chat", "pool": "hall/hgx-h200", "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2", "period": 1, "block": "day", "gpus": 22.799999999999997, "replicas": null}, {"future": "base", "workload": "chat", "pool": "hall/hgx-h200", "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2", "period": 1, "block": "night", "gpus": 13.859091841429818, "replicas": null}, {"future": "base", "workload": "chat", "pool": "rented/hgx-h200", "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2", "period": 0, "block": "day", "gpus": 4.918183682859632, "replicas": null}, {"future": "base", "workload": "chat", "pool": "rented/hgx-h200", "point": "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2", "period": 1, "block": "day", "gpus": 4.918183682859632, "replicas": null}], "api": [], "unserved": []}','[{"future": "base", "workload": "chat", "period": "2027", "output_mtok": 875999.9999999999}, {"future": "base", "workload": "chat", "period": "2028", "output_mtok": 878400.0}]');
INSERT INTO "runs" VALUES(2,'2026-12-01T00:00:00+00:00','tiny','f67a2c22dff5a842','version: 1
name: tiny
description: One model, one hall, one system to buy or to rent by the hour, two years.
horizon: {decided_on: ''2026-12-01'', start: 2027-01, periods: 2, period: year}
catalogs: [builtin]
finance: {discount_rate: 0.1, token_basis: output}
blocks: {day: 0.5, night: 0.5}
sites:
- name: hall
  region: us-south
  power_mw: 0.03
  pue:
    air: {design: 1.25, annual: 1.25}
  cooling: [air]
  electricity_usd_per_mwh: 72.5
  colocation_usd_per_kw_month: 150
load_shapes:
  two-to-one: {day: 1.3333333333333333, night: 0.6666666666666667}
workloads:
- name: chat
  model: llama-3.3-70b
  tokens: {input: 1024, output: 1024}
  demand:
    output_mtok_per_day: {''2027-01-01'': 2400}
  load: two-to-one
  sla: {ttft_s: 2.0, tpot_ms: 25}
  headroom: 0.15
procurement:
  rent: []
  token_api: false
  systems:
    allow: [hgx-h200]
  providers:
    allow: [together]
  lead_weeks: {hgx-h200: 4}
','/','["procurement.rent=[]", "sites.hall.power_mw=0.03"]','72d94bb4d7b66232','{"planner": "0.1.0", "python": "3.11.7", "ortools": "9.15.6755", "pulp": "3.3.2", "numpy": "2.4.6", "scipy": "1.17.1"}','{
 "version": 1,
 "planner": "0.1.0",
 "scenario": "tiny",
 "scenario_digest": "f67a2c22dff5a842",
 "status": "infeasible",
 "relaxations": [
  {
   "kind": "power",
   "subject": "hall",
   "period": "2027",
   "needed": 0.0561,
   "limit": 0.03,
   "unit": "MW",
   "sentence": "hall needs 0.0561 MW in 2027, the cap is 0.03"
  }
 ],
 "smallest_proven": true
}
','[{"sentence": "no plan meets every limit; the smallest set of limits to relax:", "columns": [{"header": "", "right": false}], "rows": [["  - hall needs 0.0561 MW in 2027, the cap is 0.03"]], "notes": []}]','{}','[]');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
