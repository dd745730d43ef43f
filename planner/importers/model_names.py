"""What benchmark files call the models of the built-in catalog."""

from __future__ import annotations

import re

# By what a file may call them, in lower case and without the organisation before a slash.
_MODELS = {
    "dsr1": "deepseek-r1",
    "deepseek-r1": "deepseek-r1",
    "deepseek-r1-0528": "deepseek-r1",
    "gptoss": "gpt-oss-120b",
    "gptoss120b": "gpt-oss-120b",
    "gpt-oss-120b": "gpt-oss-120b",
    "70b": "llama-3.3-70b",
    "llama70b": "llama-3.3-70b",
    "deepseek-v3.2": "deepseek-v3.2",
    "glm5": "glm-5",
    "glm-5": "glm-5",
    "kimik2.5": "kimi-k2.5",
    "kimi-k2.5": "kimi-k2.5",
    "minimaxm2.5": "minimax-m2.5",
    "minimax-m2.5": "minimax-m2.5",
    "qwen3.5": "qwen3.5-397b-a17b",
    "qwen3.5-397b-a17b": "qwen3.5-397b-a17b",
    "qwen3.5-397b": "qwen3.5-397b-a17b",
    "llama-3.3-70b": "llama-3.3-70b",
    "llama-3.3-70b-instruct": "llama-3.3-70b",
    "llama-4-maverick": "llama-4-maverick",
    "llama-4-maverick-17b-128e": "llama-4-maverick",
    "llama-4-maverick-17b-128e-instruct": "llama-4-maverick",
    "dsv3.2": "deepseek-v3.2",
}
# What names of checkpoints end with, in whatever number: how their weights were rounded.
_ROUNDED = re.compile(r"(?:-(?:fp8|fp4|nvfp4|mxfp4|int4|bf16|kv|block|dynamic))+(?:-v\d)?$")


def model_of(name: str) -> str | None:
    """The model that a file calls so, None where it is none of the built-in catalog."""
    return _MODELS.get(_ROUNDED.sub("", name.rpartition("/")[2].lower()))
