"""How good a classifier is on labelled alerts, and what it makes of those without a label: numbers, page, mistakes."""
