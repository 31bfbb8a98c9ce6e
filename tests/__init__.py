"""Tests; the tree mirrors the packages under test."""
