# What `make test` and `make demo` share: installing what is missing from
# Debian's packages, building m2m in a copy of the tree and installing it into
# a copy of the server, and a throw-away cluster that an unprivileged user runs.
# Sourced by bash scripts, which call
#
#   find_postgres, install_packages, make_workdir, build, start_cluster
#
# in this order and remove_workdir in their EXIT trap. Everything lies in
# $work, so nothing is written to the checkout nor to the server's directories,
# and nothing here touches another cluster of the machine.
# shellcheck shell=bash disable=SC2034 # our variables are the callers'
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=

# Messages in English and UTF-8 whatever the caller's locale, and no setting
# of the caller's that would lead psql or make somewhere else. (How long a step of
# an isolation spec may wait is none.)
export LC_ALL=C.UTF-8
umask 022
unset MAKEFLAGS MFLAGS MAKELEVEL
while read -r var; do
	[[ $var = PG_CONFIG || $var = PGISOLATIONTIMEOUT ]] || unset "$var"
done < <(compgen -e | grep '^PG')

say() {
	printf '== %s\n' "$*"
}

die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# quietly <log> <command…>: shows the command's output only if it fails.
quietly() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 60 "$log" >&2
	die "failed: $*"
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null || die "needs root or sudo for: $*"
		sudo "$@"
	fi
}

# initdb and PostgreSQL's Perl modules refuse to run as root, so root hands
# over to the packages' user. An ordinary user is unprivileged already.
as_user() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u postgres -- env HOME="$work" TMPDIR="$work/tmp" "$@"
	else
		env HOME="$work" TMPDIR="$work/tmp" "$@"
	fi
}

# Where $PG_CONFIG is not given, chooses the newest of Debian's servers that
# is installed, and else the one that Debian installs by default. $major stays
# empty for a server that is not Debian's: its packages are not ours to add.
find_postgres() {
	local newest
	major=
	if [ -z "${PG_CONFIG:-}" ]; then
		compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
			install_packages postgresql
		newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
		PG_CONFIG=${newest%/postgres}/pg_config
	elif command -v "$PG_CONFIG" >/dev/null; then
		PG_CONFIG=$("$PG_CONFIG" --bindir)/pg_config
	fi
	bindir=${PG_CONFIG%/pg_config}
	if [[ $bindir =~ ^/usr/lib/postgresql/([0-9]+)/bin$ ]]; then
		major=${BASH_REMATCH[1]}
	elif [ ! -x "$PG_CONFIG" ]; then
		die "there is no $PG_CONFIG"
	fi
}

# install_packages <Debian package…>: installs those that are missing.
install_packages() {
	local package missing=()
	for package; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	# A mirror may change between the two steps, hence the second attempt.
	apt_install "${missing[@]}" || apt_install "${missing[@]}" ||
		die "could not install ${missing[*]}"
}

apt_install() {
	local output
	output=$(as_root apt-get -qq update 2>&1 </dev/null &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
			-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
			install --no-install-recommends "$@" 2>&1 </dev/null) && return
	echo "$output" >&2
	return 1
}

# make_workdir <name>: $work with a copy of the tree, both owned by the
# unprivileged user. Directly in /tmp, as a socket's path must be short.
make_workdir() {
	work=$(mktemp -d "/tmp/$1.XXXXXX")
	tree=$work/tree
	mkdir "$work/tmp"
	copy_tree "$tree"
	[ "$(id -u)" -ne 0 ] || chown -R postgres: "$work"
	cd "$tree"
}

# copy_tree <directory>: the tree as it is, without what builds and tests leave.
copy_tree() {
	mkdir "$1"
	tar -C "$root" --exclude=./.git --exclude='*.o' --exclude='*.so' --exclude='*.bc' \
		--exclude=tmp_check --exclude=results --exclude=output_iso -cf - . |
		tar -C "$1" --no-same-owner -xf -
}

# build [make variable…]: builds in the copy of the tree and installs into a
# copy of the server, which is $PG_CONFIG and $bindir from then on.
build() {
	say "building m2m for $("$PG_CONFIG" --version)"
	copy_server "$work/pg"
	quietly "$work/build.log" as_user make -s -j "$(nproc)" PG_CONFIG="$PG_CONFIG" "$@"
	quietly "$work/install.log" as_user make -s install PG_CONFIG="$PG_CONFIG" "$@"
}

# copy_server <directory>: the server's programs and files, where they lie from
# each other as they did, since a server finds its files from its programs. No
# m2m comes along that is installed in the original. Headers are only read.
copy_server() {
	local prefix name dir to program
	local -A dirs
	for name in bindir pkglibdir sharedir includedir includedir-server; do
		dirs[$name]=$("$PG_CONFIG" --"$name")
	done
	prefix=${dirs[bindir]}
	for dir in "${dirs[@]}"; do
		while [[ $dir/ != "$prefix"/* ]]; do
			prefix=${prefix%/*}
		done
	done
	[ -n "$prefix" ] || die "the directories of $PG_CONFIG have nothing in common"
	for name in pkglibdir sharedir; do
		to=$1${dirs[$name]#"$prefix"}
		as_user mkdir -p "$to"
		as_user cp -a "${dirs[$name]}/." "$to"
	done
	for name in includedir includedir-server; do
		to=$1${dirs[$name]#"$prefix"}
		[ ! -e "$to" ] || continue # one lies in the other
		as_user mkdir -p "${to%/*}"
		as_user ln -s "${dirs[$name]}" "$to"
	done
	# They may lie among all programs of the system.
	bindir=$1${dirs[bindir]#"$prefix"}
	as_user mkdir -p "$bindir"
	for program in "${dirs[bindir]}"/{pg_*,pgbench,psql,postgres,postmaster,ecpg,oid2name} \
		"${dirs[bindir]}"/{init,create,drop,cluster,reindex,vacuum}db \
		"${dirs[bindir]}"/{createuser,dropuser,vacuumlo}; do
		[ ! -e "$program" ] || as_user cp -a "$program" "$bindir"
	done
	PG_CONFIG=$bindir/pg_config
	dir=$("$PG_CONFIG" --pkglibdir)
	as_user rm -rf "$dir/m2m.so" "$dir"/bitcode/m2m{,.index.bc} \
		"$("$PG_CONFIG" --sharedir)"/extension/m2m{.control,--*.sql}
}

# start_cluster [initdb option…]: starts the cluster, with the settings in
# $SERVER_CONF and, if $VALGRIND is its suppression file, under valgrind; and
# leads psql and its like to it. Its superuser is "postgres", whoever runs it, so
# that tests can rely on the name. The socket directory is nobody else's, so
# trust lets nobody in and any port is free.
start_cluster() {
	export PGHOST=$work/socket PGPORT=54321 PGUSER=postgres
	as_user mkdir -m 700 "$PGHOST"
	quietly "$work/initdb.log" as_user "$bindir/initdb" -D "$work/data" -U postgres \
		--auth=trust --encoding=UTF8 --locale=C --no-sync "$@"
	as_user tee -a "$work/data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$PGHOST'
		port = $PGPORT
		fsync = off
		${SERVER_CONF:-}
	CONF
	[ -z "${VALGRIND:-}" ] || under_valgrind
	quietly "$work/start.log" as_user "$bindir/pg_ctl" -w -D "$work/data" \
		-l "$work/server.log" start
}

# Has the server run under valgrind, which writes what it finds to $REPORTS.
under_valgrind() {
	as_user mv "$bindir/postgres" "$bindir/postgres.real"
	as_user tee "$bindir/postgres" >/dev/null <<-SH
		#!/bin/sh
		# pg_ctl also asks for its version.
		[ "\$1" = -D ] || exec "$bindir/postgres.real" "\$@"
		exec valgrind --quiet --leak-check=no --gen-suppressions=no --time-stamp=no \\
			--suppressions="$VALGRIND" --error-markers=VALGRINDERROR-BEGIN,VALGRINDERROR-END \\
			--log-file="$REPORTS/valgrind.%p" --trace-children=yes "$bindir/postgres.real" "\$@"
	SH
	as_user chmod +x "$bindir/postgres"
}

# Stops the cluster and removes $work, unless KEEP=1 asks for both to stay.
remove_workdir() {
	[ -n "$work" ] || return 0
	local stop=("$bindir/pg_ctl" -D "$work/data" -m immediate stop)
	if [ -n "${KEEP:-}" ]; then
		[ "$(id -u)" -ne 0 ] || stop=(runuser -u postgres -- "${stop[@]}")
		cat <<-TEXT

			Kept in $work. To enter the server, and to be rid of it:

			  psql -h ${PGHOST:-} -p ${PGPORT:-} -U postgres ${1:-}
			  (cd / && ${stop[*]} && rm -rf $work)

		TEXT
	else
		[ ! -f "$work/data/postmaster.pid" ] ||
			(cd / && as_user "${stop[@]}" >/dev/null 2>&1) || true
		rm -rf "$work"
	fi
}
