# Builds and installs m2m with PGXS, as any PostgreSQL extension, and starts
# the two commands that need nothing prepared: `make demo` and `make test`.

EXTENSION = m2m
MODULE_big = m2m
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))

# The script of the current version and, later, the upgrade scripts.
DATA = $(wildcard sql/m2m--*.sql)

# Not -I: <link.h> is the C library's.
PG_CPPFLAGS = -iquote $(srcdir)/src/include
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter
ifdef WERROR
PG_CFLAGS += -Werror
endif

# No LLVM bitcode, although the server may be built with LLVM: it would only
# let JIT inline our functions into expressions, and would need a clang of
# the server's version to build.
override with_llvm = no

# Tests for `make installcheck`. Whatever lies in the folders runs; only the
# order of the pg_regress tests stands here: the life of an extension, from
# install to uninstall. Tests that it does not name run before uninstall.
REGRESS_ORDER = install naming create link set load direct view adopt_drop \
	column_ddl rename_following rebuild drop truncate acl rls quoting check_repair
REGRESS_FOUND = $(patsubst sql/%.sql,%,$(filter-out sql/m2m--%,$(wildcard sql/*.sql)))
REGRESS := $(strip $(filter $(REGRESS_FOUND),$(REGRESS_ORDER)) \
	$(sort $(filter-out $(REGRESS_ORDER) uninstall,$(REGRESS_FOUND))) \
	$(filter uninstall,$(REGRESS_FOUND)))

ISOLATION := $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation

PROVE_TESTS := $(sort $(wildcard test/t/*.pl))
TAP_TESTS := $(if $(PROVE_TESTS),1)

# `make demo` and `make test` install the server's headers themselves, so
# they must work while there is no PGXS yet.
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)

$(OBJS): $(wildcard src/include/*.h src/*/*.h)
else
.PHONY: all install installcheck clean
all install installcheck clean:
	@echo "$(PG_CONFIG) knows no PGXS: install the server's headers" \
		"(Debian: postgresql-server-dev-15)," >&2; \
	echo "or let 'make demo' or 'make test' do it." >&2; exit 1
endif

# make demo [DATA=pairs.tsv] [KEEP=1]
# make test [SUITES="regress pgtap isolation tap"] [KEEP=1]
# Both take PG_CONFIG, to choose among several servers. (On the command line of
# `make demo`, DATA has nothing to do with PGXS' variable of that name.)
# make test-matrix [VERSIONS="15 17 18 19"] [SUITES="regress … upgrade"] [FRESH=1]
# The same on every supported major, as root; see test/matrix.
# make test-assert [SUITES="…"]
# make test-sanitize, make test-valgrind
# The tests on a server built with assertions, sanitizers or for valgrind, from
# Debian's source package; see test/checked.
# make torture [MINUTES=60] [M2M_SEED=…]
# Many sessions at once, disturbed, for a while: 5 minutes of it are in
# `make test`; see test/t/torture.pl.
# make test-mutate [MUTATIONS="…"]
# Undoes fixes in turn: which test notices? See test/mutate.
# make test-core PGSRC=…/postgresql-15.x
# PostgreSQL's own tests, of one session and of several, with m2m and without; see
# test/core-suite.
# make test-suites [PROJECTS="django sqlalchemy sequelize"]
# Tests of Django, SQLAlchemy and Sequelize with m2m and without; see test/suites.
# make indent-check, make indent, make typedefs
# C files as pgindent leaves them; see test/indent.
# make picture
# Draws docs/relationship.svg from the catalogs; see docs/picture.
# make bench [ROUNDS=5] [SCALE=1] [HUGE=1] [BENCH_DIR=/var/tmp] …
# m2m against hand-written SQL and its other peers; see bench/run.
.PHONY: demo test test-matrix test-assert test-sanitize test-valgrind torture \
	test-mutate test-core test-suites indent indent-check typedefs picture bench
demo:
	@examples/demo
test:
	@test/run
test-matrix:
	@test/matrix
test-assert test-sanitize test-valgrind:
	@test/checked $(@:test-%=%)
torture:
	@SUITES=tap PROVE_TESTS=test/t/torture.pl M2M_SEED=$${M2M_SEED:-random} \
		M2M_TORTURE_MINUTES=$${MINUTES:-60} test/run
test-mutate:
	@test/mutate
test-core:
	@test/core-suite
test-suites:
	@test/suites
indent:
	@test/indent apply
indent-check:
	@test/indent check
typedefs:
	@test/indent typedefs
picture:
	@docs/picture
bench:
	@bench/run
