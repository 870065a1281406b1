.DEFAULT_GOAL := help
.PHONY: help demo test test-fast lint fuzz audit soak tools deb bench-parse bench-peers bench-poll bench-publish bench-scrape dashboards-screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## run the exporter on a simulated enrollment
	cargo run --release --locked -- demo

test: tools ## run every test, after installing what they need
	if cargo nextest --version >/dev/null 2>&1; \
	then cargo nextest run --workspace --locked && cargo test --workspace --locked --doc; \
	else cargo test --workspace --locked; fi

test-fast: ## the tests that start no program and no server, in about a minute
	cargo test --locked --workspace --lib --test families --test azure --test architecture --test simulated -- --skip crash --skip large --skip truth --skip answers --skip five_weeks

lint: ## format, clippy, documentation, dependencies
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	cargo deny check bans licenses sources

fuzz: ## try every parser of strangers' input on made-up bytes, 20 seconds each
	scripts/fuzz

soak: ## poll a failing source for MINUTES (15) and hold every scraped value against what it allows; 10,000 honest polls
	SOAK_MINUTES=$(MINUTES) cargo test --release --locked --test soak -- --ignored --nocapture
	cargo test --release --locked --test simulated -- --ignored honest

bench-parse: ## what reading costs, beside merely validating or splitting the same bytes
	cargo bench --locked --bench parse

bench-peers: ## the same work done by Go's and Python's clients (needs their Debian packages)
	cargo bench --locked --bench peers

bench-poll: ## what polls of a million rows take, and a restart
	cargo bench --locked --bench reading
	cargo bench --locked --bench poll

bench-publish: ## what a publish of 100,000 series takes
	cargo bench --locked --bench publish

bench-scrape: ## what a scrape of them costs, under load
	cargo bench --locked --bench scrape

dashboards-screenshots: ## draw the dashboards for docs/images (needs Node and a network)
	grafana/render/screenshots

deb: ## build the Debian package (needs cargo-deb)
	scripts/deb

audit: ## look for known vulnerabilities (needs a network)
	cargo deny check advisories

tools: ## install the servers that tests start
	scripts/install-tools
