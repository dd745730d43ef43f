"""Accuracy: what is known of how a model's precision scores beside its weights as published."""

from __future__ import annotations

from planner.catalog.models import Catalog


def as_published(catalog: Catalog, model: str, precision: str) -> bool:
    """Whether a precision is the one that the model's weights were published in."""
    size = catalog.models.get(model)
    return size is not None and size.native_precision == precision


def loss_points(catalog: Catalog, model: str, precision: str, evaluation: str) -> float | None:
    """The least that any checkpoint in a precision loses, in points of a hundred; None where nothing is known.

    Weights as published lose nothing.
    """
    if as_published(catalog, model, precision):
        return 0.0
    losses = [
        row.loss_points
        for row in catalog.accuracy.values()
        if (row.model, row.precision, row.evaluation) == (model, precision, evaluation)
    ]
    return min((loss for loss in losses if loss is not None), default=None)


def scored(catalog: Catalog, model: str, precision: str) -> bool:
    """Whether anything is known of a precision's accuracy: a score in some evaluation, or that it is as published."""
    return as_published(catalog, model, precision) or any(
        (row.model, row.precision) == (model, precision) for row in catalog.accuracy.values()
    )
