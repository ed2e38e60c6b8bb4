# Every target does the set-up it needs; scripts/ holds the work.
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests setup-transcription run test test-media test-long fuzz bench docs format lock

help:            ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' Makefile

setup:           ## everything Hubbub needs, in .venv
	@scripts/setup

setup-tests: setup ## what the tests need besides: PostgreSQL, Redis, Chromium, Node packages, a C compiler
	@scripts/setup-tests

setup-transcription: setup ## the engine of live transcription and its model (English)
	@scripts/setup-transcription

run: setup       ## serve on ./.hubbub
	@exec .venv/bin/hubbub serve --data-dir .hubbub

test: setup-tests ## all checks
	@scripts/test

test-media: setup-tests ## all tests of meetings in a real browser
	@scripts/test-media

test-long: setup-tests ## the full forms of the scenarios
	@scripts/test-long

fuzz: setup      ## the media engine, with what no client would send
	@scripts/fuzz-media

bench: setup-tests ## all measurements; writes the table of the README
	@scripts/bench

docs: setup      ## generate docs/reference from the code
	@scripts/generate-docs

format: setup    ## format and fix what can be fixed
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: setup      ## renew requirements.lock from pyproject.toml
	@scripts/lock
