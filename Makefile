# Everything here needs Go, make and a POSIX shell. Other tools are built from
# tools/go.mod, which pins them; the tests need programs that
# 'make programs' installs.

.PHONY: help run build generate test browsers programs generated format vet staticcheck race fuzz stress bench dist dist-check clean
.DEFAULT_GOAL := help

export CGO_ENABLED := 0

TOOLS := bin/tools
# The commit is stamped into the program where git can tell it; a folder that
# belongs to somebody else, or is no clone, must build all the same.
STAMP := $(if $(shell git status --porcelain >/dev/null 2>&1 && echo yes),auto,false)

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: build ## build and start the demo; ARGS='--http 127.0.0.1:9000' changes it
	@exec bin/letterlock demo $(ARGS)

build: ## build the one static program, bin/letterlock
	@[ -e bin/letterlock ] || echo "building, about a minute the first time"
	@go build -trimpath -buildvcs=$(STAMP) -o bin/letterlock ./cmd/letterlock

API := internal/apid/testdata/openapi.json
CODEGEN := $(TOOLS)/oapi-codegen -package apitest -generate client,types

generate: $(TOOLS)/templ $(TOOLS)/oapi-codegen ## make the *_templ.go files anew, the document of the API, and a client from it
	@$(TOOLS)/templ generate -path . -log-level error
	@go test ./internal/apid -count=1 -run AsInTheGoldenFile -update >/dev/null
	@$(CODEGEN) -o internal/apitest/generated_test.go $(API)

# A test program is linked, run once and thrown away. What a debugger would want takes
# almost half the time of that; traces of stacks are the same without.
QUICK := -ldflags='-s -w'

test: programs generated format vet staticcheck ## check everything, browser tests included
	@echo "go test"
	@dir=$$(tools/scratch) && trap 'rm -rf "$$dir"' EXIT && trap 'exit 1' INT TERM && \
	TMPDIR=$$dir go test $(QUICK) -vet=off -count=1 -timeout 40m ./... # 'make vet' has looked for more

programs: ## install what the tests start, if it is missing and we may: chromium, Postfix, swaks, nginx, Caddy, openssl, python3, dkimpy
	@tools/programs chromium postfix swaks nginx caddy openssl python3 dkimpy >&2

browsers: ## install chromium alone, if it is missing and we may
	@tools/programs chromium >&2

generated: $(TOOLS)/templ $(TOOLS)/oapi-codegen
	@echo "generated files"
	@tools/check-generated "$(CURDIR)/$(TOOLS)/templ"
	@$(CODEGEN) $(API) | cmp -s - internal/apitest/generated_test.go || { echo "the client of the API's document is not current, run 'make generate'"; exit 1; }

format:
	@echo "gofmt"
	@bad=$$("$$(go env GOROOT)/bin/gofmt" -l .) || exit 1; \
	if [ -n "$$bad" ]; then echo "not formatted, run gofmt -w:"; echo "$$bad"; exit 1; fi

vet:
	@echo "go vet"
	@go vet ./...

staticcheck: $(TOOLS)/staticcheck
	@echo "staticcheck"
	@$(TOOLS)/staticcheck ./...

race: programs ## run the tests with the race detector; needs a C compiler, takes long
	@command -v gcc >/dev/null || command -v clang >/dev/null || { echo "the race detector needs a C compiler: install gcc"; exit 1; }
	@CGO_ENABLED=1 go test -race -count=1 -timeout 90m ./...

FUZZTIME := 30s

fuzz: ## throw invented bytes at every parser of foreign ones, FUZZTIME=30s at each; takes half an hour
	@mkdir -p bin
	@tools/fuzz $(FUZZTIME)

stress: ## look for what is served after a revocation (10,000 histories, a million guessed links), what is left of destroyed mail, what a backup brings back, what upgrades lose that are killed or find the disk full, what power cuts take (root and FUSE), what is done under ten times the load, whether hostile mail runs where nothing cleans it, whether every page in every language can be used by everybody, and whether 149 MB come and go in a browser; takes about an hour on two cores
	@LETTERLOCK_STRESS=1 go test -count=1 -timeout 30m -run GuessedAndAltered ./internal/access
	@LETTERLOCK_STRESS=1 go test -count=1 -timeout 10m -v -run AtAnyStatement ./internal/store
	@LETTERLOCK_STRESS=1 go test -count=1 -timeout 40m -v -run 'SanitiserOff|FilesArriveOverALineThatBreaks|ByEverybody|ReadInTheirLanguage|ReadInGerman' ./cmd/letterlock
	@LETTERLOCK_STRESS=1 go test -count=1 -timeout 30m -v -run InEveryLanguage ./views
	@LETTERLOCK_STRESS=1 go test -count=1 -timeout 60m -v ./internal/stress/cuts ./internal/stress ./internal/stress/crashes
	@LETTERLOCK_STRESS=1 go test -count=1 -timeout 20m -v ./internal/stress/overload
	@LETTERLOCK_STRESS=1 go test -count=1 -timeout 20m -v -run DoWhatTheModelSays ./internal/model

bench: ## measure against the limit of the stack; takes a quarter of an hour, ARGS='-only portal' less
	@go test -c -o bin/bench.test ./internal/bench
	@cd internal/bench && ../../bin/bench.test -test.run '^TestTable$$' -test.timeout 60m -table $(ARGS)

dist: ## build what operators install into bin/dist: a tar.gz and a .deb for each architecture, and their checksums
	@tools/dist/build bin/dist

dist-check: ## build it twice, in two folders and from nothing, and compare the bytes; takes minutes
	@tools/dist/check

clean: ## remove what was built
	@rm -rf bin

$(TOOLS)/templ: tools/go.mod tools/go.sum
	@go -C tools build -o ../$@ github.com/a-h/templ/cmd/templ && touch $@

$(TOOLS)/oapi-codegen: tools/go.mod tools/go.sum
	@go -C tools build -o ../$@ github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen && touch $@

$(TOOLS)/staticcheck: tools/go.mod tools/go.sum
	@go -C tools build -o ../$@ honnef.co/go/tools/cmd/staticcheck && touch $@
