# The commands of the project. `make` alone lists them.
# demo and build need Go and nothing else; test and check install the rest.
.PHONY: help demo build test check bench fault fuzz assets shots

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 9

demo: ## try it: the product on this machine, at http://localhost:8080
	@echo "The first build takes some minutes; after that it starts at once."
	@CGO_ENABLED=0 go run ./cmd/aditus demo

build: ## one static program, bin/aditus
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/aditus ./cmd/aditus

test: ## every test, on both databases and in a real browser
	@scripts/test

check: ## format, vet, staticcheck, arrows, texts, comments, links, web assets
	@scripts/check

bench: ## figures, each beside its bare limit
	@scripts/with-postgres go run ./bench

fault: ## 300 kills an engine, all languages, statistics; takes long
	@ADITUS_FAULT=1 scripts/with-postgres go test -tags fault -count=1 -p 1 -timeout 2h -v -run '^Test(Kill|Fault|Browser)' ./...

fuzz: ## ten minutes a target; FUZZTIME=30s for less
	@scripts/fuzz

assets: ## build internal/web/assets from web/
	@scripts/setup web
	@node web/build.mjs

shots: ## pictures of every page, into artefacts/shots
	@scripts/shots
