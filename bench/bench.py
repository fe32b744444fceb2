#!/usr/bin/python3
"""The driver of `make bench`: does each piece of work with every peer, by
turns, in as many rounds as asked for, and writes all times as JSON.

It finds the server by libpq's environment variables and works in the database
that they name, whose superuser it must be. After every piece of work it
compares what each peer has stored, as count and hash of all links: peers that
differ, or that did nothing, end the run with an error.
"""
import argparse
import io
import json
import math
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import psycopg2
import psycopg2.extensions

from clients import Client, CLIENTS
from peers import PEERS, READERS

HASH = ('count(*), coalesce(bit_xor(hashint8extended('
        'a, hashint8extended(b, 0))), 0)')
PER_TRANSACTION = 100   # single links in one transaction
WIDTH = 100             # links of a one-to-many call


class Failure(Exception):
    pass


class Bench:
    def __init__(self, options):
        self.options = options
        scale = options.scale
        self.n = max(200, int(100_000 * scale))         # rows of each endpoint
        self.pairs = max(1000, int(1_000_000 * scale))
        self.singles = max(PER_TRANSACTION, int(20_000 * scale))
        self.manies = max(20, int(1_000 * scale))
        self.wide = min(1000, self.n // 4)              # links of a row to set
        self.sets = max(4, int(200 * min(1, scale)))
        self.endpoint = min(10_000, self.n)             # links of a row to delete
        self.unlinks = max(100, int(100_000 * scale))
        self.reads = max(100, int(20_000 * scale))
        self.batches = max(4, int(50 * min(1, scale)))
        self.batch = min(1000, self.n * 2)
        self.orm_n = min(5000, self.n)
        self.orm_pairs = self.orm_n * 10
        self.rows_to_set = list(range(self.n + 1, self.n + self.sets + 1))
        self.rows_to_delete = list(range(self.n + 1001, self.n + 1006))
        self.items = {}
        self.notes = []
        self.round = 0
        self.connection = connect()
        self.cur = self.connection.cursor()
        self.peers = self.usable_peers()

    # ------------------------------------------------------------ the peers

    def usable_peers(self):
        """All peers but those whose means this m2m does not have yet."""
        cur = self.cur
        cur.execute('CREATE EXTENSION IF NOT EXISTS m2m; CREATE EXTENSION IF NOT EXISTS intarray;'
                    'SELECT count(*) FROM m2m_relationships()')
        cur.execute("SELECT 'm2m_load' IN (SELECT proname FROM pg_proc),"
                    " 'm2m.direct_path' IN (SELECT name FROM pg_settings)")
        self.has_load, has_direct = cur.fetchone()
        chosen = []
        for peer in PEERS:
            if self.options.peers and peer.name not in self.options.peers:
                continue
            if self.options.replace:
                name, work, statement = self.options.replace.split(' ', 2)
                if name == peer.name:
                    peer.statements = dict(peer.statements, **{work: statement})
            if peer.name in ('m2m_load', 'm2m_exclusive') and not self.has_load:
                self.notes.append('m2m_load skipped: this m2m has no function m2m_load')
            elif peer.name == 'm2m_general' and not has_direct:
                self.notes.append('m2m_general skipped: this m2m has no setting m2m.direct_path,'
                                  ' so that m2m is the general path itself')
            else:
                chosen.append(peer)
        return chosen

    def doing(self, kind):
        """The peers that do this kind of work, from another one each time."""
        peers = [peer for peer in self.peers if kind in peer.statements]
        turn = self.round % len(peers)
        return peers[turn:] + peers[:turn]

    # -------------------------------------------------------------- results

    def item(self, name, title, unit, units, kind=None):
        """Registers work: its name, what it is, and how many units of what."""
        item = self.items.setdefault(name, {
            'title': title, 'unit': unit, 'units': units, 'lines': {}})
        if kind:
            for peer in self.peers:
                if kind not in peer.statements:
                    item['lines'].setdefault(peer.name, {'not_applicable': peer.lacks})
        return item

    def note(self, item, peer, seconds, **more):
        line = item['lines'].setdefault(peer, {'seconds': []})
        line['seconds'].append(seconds)
        for key, value in more.items():
            if isinstance(value, list):
                line.setdefault(key, []).extend(value)
            else:
                line[key] = value
        progress(f'   {peer:14} {seconds:10.4f} s')

    def contents(self, peer):
        self.cur.execute(f'SELECT {HASH} FROM ({peer.links()}) l')
        return list(self.cur.fetchone())

    def verify(self, item, peers, before, expected=None):
        """All peers hold the same links, those expected, and not as before."""
        found = {}
        for peer in peers:
            found[peer.name] = self.contents(peer)
            item['lines'][peer.name]['links'] = found[peer.name][0]
            item['lines'][peer.name]['hash'] = str(found[peer.name][1])
        values = list(found.values())
        if any(value != values[0] for value in values):
            raise Failure(f"peers differ after \"{item['title']}\": {found}")
        if expected is not None and values[0] != expected:
            raise Failure(f"\"{item['title']}\" left {values[0]} and not {expected}")
        if expected is None and values[0] == before:
            raise Failure(f"\"{item['title']}\" changed nothing")
        return values[0]

    def query_contents(self, query):
        self.cur.execute(f'SELECT {HASH} FROM ({query}) l')
        return list(self.cur.fetchone())

    # --------------------------------------------------------------- timing

    def settle(self, peer):
        """The same start for everybody: no dead rows, nothing left to write."""
        for table in peer.tables():
            self.cur.execute(f'VACUUM (ANALYZE) {table}')
        if self.options.checkpoint:
            self.cur.execute('CHECKPOINT')

    def session(self, peer):
        connection = connect()
        cur = connection.cursor()
        cur.execute(f'SET search_path = {peer.name}, public; {peer.settings}')
        return connection, cur

    def pgbench(self, peer, statement, transactions):
        """Seconds that pgbench took, prepared, with the same random ids for
        every peer."""
        script = f'\\set a random(1, {self.n})\n\\set b random(1, {self.n})\n{statement};\n'
        options = f'-c search_path={peer.name},public -c synchronous_commit=off'
        if peer.settings:
            options += ' -c ' + peer.settings.removeprefix('SET ').replace(' ', '')
        with tempfile.NamedTemporaryFile('w', suffix='.sql') as file:
            file.write(script)
            file.flush()
            done = subprocess.run(
                [os.path.join(self.options.bindir, 'pgbench'), '-n', '-M', 'prepared',
                 '-f', file.name, '-t', str(transactions), f'--random-seed={self.round + 1}'],
                env=dict(os.environ, PGOPTIONS=options), capture_output=True, text=True)
        tps = re.search(r'^tps = ([0-9.]+)', done.stdout, re.M)
        done_all = re.search(rf'processed: {transactions}/{transactions}$', done.stdout, re.M)
        if done.returncode or not tps or not done_all:
            raise Failure(f'pgbench: {done.stdout}{done.stderr}')
        return transactions / float(tps.group(1))

    def statement(self, peer, sql, file=None):
        """Seconds of one statement, with its commit."""
        connection, cur = self.session(peer)
        began = time.perf_counter()
        if file:
            with open(file, encoding='ascii') as data:
                cur.copy_expert(sql, data, 1 << 20)
        else:
            cur.execute(sql)
        seconds = time.perf_counter() - began
        connection.close()
        return seconds

    def prepared(self, peer, sql, types, calls):
        """Seconds of many calls of a prepared statement in one transaction.
        Their arguments are made before."""
        connection, cur = self.session(peer)
        texts = [f"EXECUTE p({', '.join(call)})" for call in calls]
        cur.execute(f'PREPARE p({types}) AS {sql}')
        cur.execute('BEGIN')
        began = time.perf_counter()
        for text in texts:
            cur.execute(text)
        cur.execute('COMMIT')
        seconds = time.perf_counter() - began
        connection.close()
        return seconds

    def by_turns(self, peers, work, pairs, per_transaction):
        """Seconds that each peer took for a statement for each of the pairs, a
        round trip each, prepared. The peers do a hundred pairs by turns, each on
        its own connection, so that a slow second of the machine is everybody's."""
        sessions, seconds = {}, dict.fromkeys(peers, 0)
        for peer in peers:
            connection, cur = self.session(peer)
            statement = re.sub(r'(?<!:):([ab])\b', lambda name: {'a': '$1', 'b': '$2'}[name[1]],
                               peer.statements[work])
            cur.execute(f'SET synchronous_commit = off; PREPARE p(bigint, bigint) AS {statement}')
            sessions[peer] = connection, cur
        slices = [pairs[i:i + PER_TRANSACTION] for i in range(0, len(pairs), PER_TRANSACTION)]
        for number, part in enumerate(slices):
            texts = [f'EXECUTE p({a}, {b})' for a, b in part]
            if per_transaction > 1:
                texts = ['BEGIN'] + texts + ['COMMIT']
            turn = number % len(peers)
            for peer in peers[turn:] + peers[:turn]:
                execute = sessions[peer][1].execute
                began = time.perf_counter()
                for text in texts:
                    execute(text)
                seconds[peer] += time.perf_counter() - began
        for connection, _ in sessions.values():
            connection.close()
        return seconds

    # ----------------------------------------------------------- the rounds

    def run(self):
        cur = self.cur
        for self.round in range(self.options.rounds):
            progress(f'== round {self.round + 1} of {self.options.rounds}')
            self.make_work()
            for peer in self.peers:
                peer.create(cur, self.n)
            self.small()
            self.bulk()
            self.single_rows()
            self.concurrent()
            for peer in self.peers:
                cur.execute(f'DROP SCHEMA {peer.name} CASCADE')
            cur.execute('CHECKPOINT')
        if not self.options.clients == ['none']:
            self.clients()
        self.growth()
        self.memory()

    def make_work(self):
        """The tables of pairs that all peers are given; new ones each round."""
        cur = self.cur
        cur.execute(f'''
            DROP SCHEMA IF EXISTS work CASCADE; CREATE SCHEMA work;
            SELECT setseed({(self.round + 1) / 1000});
            CREATE TABLE work.pairs AS
                SELECT a, b FROM (SELECT DISTINCT 1 + floor(random() * {self.n})::bigint AS a,
                    1 + floor(random() * {self.n})::bigint AS b
                    FROM generate_series(1, {int(self.pairs * 1.2)})) d
                ORDER BY random() LIMIT {self.pairs};
            CREATE TABLE work.half AS
                (SELECT a, b FROM work.pairs LIMIT {self.pairs // 2});
            INSERT INTO work.half
                SELECT a, b FROM (SELECT DISTINCT 1 + floor(random() * {self.n})::bigint AS a,
                    1 + floor(random() * {self.n})::bigint AS b
                    FROM generate_series(1, {int(self.pairs * .7)})
                    EXCEPT SELECT a, b FROM work.pairs) d
                ORDER BY random() LIMIT {self.pairs // 2};
            CREATE TABLE work.mixed AS SELECT a, b FROM work.half ORDER BY random();
            CREATE TABLE work.gone AS
                SELECT a, b FROM work.pairs ORDER BY random() LIMIT {self.unlinks};''')
        for name in ('pairs', 'mixed', 'gone'):
            cur.execute(f'VACUUM (FREEZE, ANALYZE) work.{name}')
            with open(self.file(name), 'w', encoding='ascii') as file:
                cur.copy_expert(f'COPY work.{name} TO STDOUT', file)

    def file(self, name):
        return os.path.join(self.options.dir, f'{name}.tsv')

    def small(self):
        """One link, and one to many."""
        works = [
            ('one_link', 'one link, prepared, 100 in a transaction',
             self.singles, PER_TRANSACTION),
            ('one_link_autocommit', 'one link, prepared, a transaction each,'
             ' synchronous_commit off', self.singles, 1),
        ]
        before = [0, 0]
        for number, (name, title, singles, per_transaction) in enumerate(works):
            item = self.item(name, title, 'link', singles, 'one')
            peers = self.doing('one')
            progress(title)
            for peer in peers:
                self.settle(peer)
            # the second piece of work with other pairs than the first
            rand = random.Random(self.round + 1000 * number)
            pairs = [(rand.randrange(1, self.n + 1), rand.randrange(1, self.n + 1))
                     for _ in range(singles)]
            for peer, seconds in self.by_turns(peers, 'one', pairs, per_transaction).items():
                self.note(item, peer.name, seconds)
            before = self.verify(item, peers, before)
        for peer in self.peers:
            peer.empty(self.cur)

        rand = random.Random(self.round)
        item = self.item('one_to_many', f'one to {WIDTH}, prepared', 'link',
                         self.manies * WIDTH, 'many')
        rows = [rand.randrange(1, self.n + 1) for _ in range(self.manies)]
        calls = [(str(a), array(rand.sample(range(1, self.n + 1), WIDTH))) for a in rows]
        peers = self.doing('many')
        progress(item['title'])
        for peer in peers:
            self.settle(peer)
            self.note(item, peer.name, self.prepared(
                peer, peer.statements['many'], 'bigint, bigint[]', calls))
        self.verify(item, peers, [0, 0])
        for peer in self.peers:
            peer.empty(self.cur)

    def bulk(self):
        """Random pairs into empty tables, again, and half of them new."""
        pairs, mixed = 'SELECT a, b FROM work.pairs', 'SELECT a, b FROM work.mixed'
        all_pairs = self.query_contents(pairs)
        union = self.query_contents(f'{pairs} UNION {mixed}')
        works = [
            ('bulk', f'{self.pairs:,} random pairs', 'pairs', all_pairs),
            ('bulk_again', f'the same {self.pairs:,}, all there already', 'pairs', all_pairs),
            ('bulk_half', f'{self.pairs:,} pairs, half of them there', 'mixed', union),
        ]
        for name, title, table, expected in works:
            item = self.item(name, title, 'pair', self.pairs, 'bulk')
            peers = [peer for peer in self.doing('bulk') if name == 'bulk' or peer.name != 'copy']
            if name != 'bulk' and any(peer.name == 'copy' for peer in self.peers):
                copy = next(peer for peer in self.peers if peer.name == 'copy')
                item['lines']['copy'] = {'not_applicable': copy.lacks}
            progress(title)
            for peer in peers:
                self.settle(peer)
                statement = peer.statements['bulk'].format(pairs=f'work.{table}')
                self.note(item, peer.name, self.statement(
                    peer, statement,
                    self.file(table) if 'FROM STDIN' in statement else None))
            self.verify(item, peers, None, expected)
            if name == 'bulk':
                self.sizes()

        item = self.item('unlink', f'unlink {self.unlinks:,} pairs', 'link',
                         self.unlinks, 'unlink')
        peers = self.doing('unlink')
        progress(item['title'])
        for peer in peers:
            self.settle(peer)
            self.note(item, peer.name, self.statement(
                peer, peer.statements['unlink'].format(pairs='work.gone')))
        self.verify(item, peers, None, self.query_contents(
            f'({pairs} UNION {mixed}) EXCEPT SELECT a, b FROM work.gone'))

    def sizes(self):
        """Bytes on disk after the load: what the links take, with indexes."""
        item = self.item('size', 'bytes on disk per link, table and indexes', 'link', self.pairs)
        for peer in self.peers:
            if peer.name not in ('m2m', 'm2m_load', 'm2m_view', 'hand', 'copy', 'intarray'):
                continue
            if peer.array:
                # what the arrays make of the table: vacuumed, and less an
                # author table without them
                self.cur.execute(f'VACUUM FULL {peer.name}.author')
                self.cur.execute(f"CREATE TEMP TABLE bare (id bigint PRIMARY KEY, b int[]);"
                                 f"INSERT INTO bare SELECT id, '{{}}' FROM {peer.name}.author;"
                                 f"SELECT pg_total_relation_size('{peer.name}.author')"
                                 " - pg_total_relation_size('bare')")
                size = self.cur.fetchone()[0]
                self.cur.execute('DROP TABLE bare')
            else:
                self.cur.execute(f"SELECT pg_total_relation_size('{peer.name}.author_book')")
                size = self.cur.fetchone()[0]
            item['lines'].setdefault(peer.name, {'bytes_per_link': []})[
                'bytes_per_link'].append(round(size / self.pairs, 1))

    def single_rows(self):
        """Set, reads and deletion of single rows, among the links of bulk()."""
        rand = random.Random(self.round)
        cur = self.cur
        peers = self.doing('set')

        # rows with many links, for all
        cur.execute('CREATE TABLE work.wide (a bigint, b bigint)')
        olds = {}
        for a in self.rows_to_set:
            olds[a] = rand.sample(range(1, self.n + 1), self.wide)
        write(cur, 'work.wide', ((a, b) for a, ids in olds.items() for b in ids))
        cur.execute('CREATE TABLE work.heavy (a bigint, b bigint)')
        write(cur, 'work.heavy', ((a, b) for a in self.rows_to_delete
                                  for b in range(1, self.endpoint + 1)))
        cur.execute('CREATE TABLE work.heavy_book (a bigint, b bigint)')
        write(cur, 'work.heavy_book', ((a, b) for b in self.rows_to_delete
                                       for a in range(1, self.endpoint + 1)))
        everything = ('SELECT a, b FROM work.wide UNION ALL SELECT a, b FROM work.heavy'
                      ' UNION ALL SELECT a, b FROM work.heavy_book')
        for peer in peers:
            ids = self.rows_to_set + self.rows_to_delete
            for table in ('author', 'book'):
                cur.execute(f'INSERT INTO {peer.name}.{table} SELECT unnest(%s)', (ids,))
            peer.fill(cur, everything)

        item = self.item('set', f'set {self.wide:,} links of a row, 10 % change', 'call',
                         self.sets, 'set')
        calls = []
        for a in self.rows_to_set:
            kept = olds[a][self.wide // 10:]
            there = set(olds[a])
            fresh = rand.sample([b for b in range(1, self.n + 1) if b not in there],
                                self.wide // 10)
            ids = kept + fresh
            rand.shuffle(ids)
            calls.append((str(a), array(ids)))
        progress(item['title'])
        before = self.contents(peers[0])
        for peer in peers:
            self.settle(peer)
            self.note(item, peer.name, self.prepared(
                peer, peer.statements['set'], 'bigint, bigint[]', calls))
        before = self.verify(item, peers, before)

        for kind, title in (('read_left', "read an author's links"),
                            ('read_right', "read a book's links")):
            self.read(kind, title, before)

        for kind, title in (('delete_author', f'delete an author with {self.endpoint:,} links'),
                            ('delete_book', f'delete a book with {self.endpoint:,} links')):
            item = self.item(kind, title, 'row', len(self.rows_to_delete), kind)
            peers = self.doing(kind)
            progress(title)
            for peer in peers:
                self.settle(peer)
                self.note(item, peer.name, self.prepared(
                    peer, peer.statements[kind], 'bigint',
                    [(str(a),) for a in self.rows_to_delete]))
            before = self.verify(item, peers, before)

    def read(self, kind, title, unchanged):
        item = self.item(kind, title, 'read', self.reads, kind)
        peers = self.doing(kind)
        readers = [(peer.name, peer, peer.statements[kind]) for peer in peers]
        for name, (behind, statements) in READERS.items():
            readers += [(name, peer, statements[kind]) for peer in peers if peer.name == behind]
        progress(title)
        answers = {}
        for name, peer, statement in readers:
            # what it reads, for some rows: the same as the others
            connection, cur = self.session(peer)
            answer = []
            for row in range(1, 51):
                cur.execute(statement.replace(':a', str(row)).replace(':b', str(row)))
                answer.append(sorted(found[0] for found in cur.fetchall()))
            connection.close()
            answers[name] = answer
            if not any(answer) or answer != answers[readers[0][0]]:
                raise Failure(f'{title}: {name} reads other rows than {readers[0][0]}')
        for name, peer, statement in readers:
            self.settle(peer)
            # the first pass warms the caches, for all alike
            self.pgbench(peer, statement, max(10, self.reads // 20))
            self.note(item, name, self.pgbench(peer, statement, self.reads),
                      rows_read=sum(map(len, answers[name])))
        self.verify(item, peers, None, unchanged)
        for name in READERS:
            if name in item['lines']:
                item['lines'][name].update({
                    key: item['lines'][READERS[name][0]][key] for key in ('links', 'hash')})

    def concurrent(self):
        """Two clients link the same pairs, in batches of different order."""
        total = 2 * self.batches * self.batch
        item = self.item('concurrent', f'two clients link the same {total // 2:,} pairs, by'
                         f' {self.batch:,}', 'pair', total, 'pairs')
        rand = random.Random(self.round)
        span = max(50, min(self.n, 1000))
        batches = [[(rand.randrange(1, span + 1), rand.randrange(1, span + 1))
                    for _ in range(self.batch)] for _ in range(self.batches)]
        orders = []
        for _ in range(2):
            texts = []
            for batch in batches:
                batch = rand.sample(batch, len(batch))
                texts.append(f'EXECUTE p({array(a for a, _ in batch)}, '
                             f'{array(b for _, b in batch)})')
            orders.append(texts)
        expected = len({pair for batch in batches for pair in batch})
        peers = self.doing('pairs')
        progress(item['title'])
        for peer in peers:
            peer.empty(self.cur)
            self.settle(peer)
            deadlocks, errors = [0, 0], []
            barrier = threading.Barrier(2)

            def work(number):
                try:
                    connection, cur = self.session(peer)
                    cur.execute('SET synchronous_commit = off;'
                                f"PREPARE p(bigint[], bigint[]) AS {peer.statements['pairs']}")
                    barrier.wait()
                    for text in orders[number]:
                        while True:
                            try:
                                cur.execute(text)
                                break
                            except psycopg2.errors.DeadlockDetected:
                                deadlocks[number] += 1
                    connection.close()
                except Exception as error:
                    errors.append(error)
                    barrier.abort()

            threads = [threading.Thread(target=work, args=(i,)) for i in (0, 1)]
            began = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds = time.perf_counter() - began
            if errors:
                raise errors[0]
            self.note(item, peer.name, seconds, deadlocks=[sum(deadlocks)])
        found = self.verify(item, peers, [0, 0])
        if found[0] != expected:
            raise Failure(f'{found[0]} links of two clients, and not {expected}')

    # -------------------------------------------------------------- clients

    def clients(self):
        """The same work by programs, and by m2m and by hand at the same size."""
        names = self.options.clients or list(CLIENTS)
        cur = self.cur
        rounds = self.options.client_rounds
        sql = [peer for peer in self.peers if peer.name in ('m2m', 'hand')]
        clients = {}
        n = self.orm_n
        for name in names:
            try:
                clients[name] = Client(name, self.options)
            except OSError as error:
                self.notes.append(f'{name} skipped: {error}')
        for self.round in range(rounds):
            progress(f'== clients, round {self.round + 1} of {rounds}')
            rand = random.Random(self.round)
            by_hand = next(peer for peer in PEERS if peer.name == 'hand')
            holders = {}
            for name in clients:
                holders[name] = type(by_hand)(name, {}, by_hand.ddl)
            for peer in sql:
                holders[peer.name] = peer
            for holder in holders.values():
                holder.create(cur, n)
            singles = [(a, rand.randrange(1, n + 1)) for a in rand.sample(
                range(1, n + 1), min(n, 200))]
            sessions = {peer.name: self.client_session(peer) for peer in sql}
            works = self.client_works(rand, singles)
            order = list(holders)
            order = order[self.round % len(order):] + order[:self.round % len(order)]
            contents = [0, 0]
            for name, title, unit, units, operation, arguments, changes in works:
                item = self.item(name, title, unit, units)
                progress(title)
                for key in order:
                    holder = holders[key]
                    self.settle(holder)
                    if key in clients:
                        seconds = clients[key].call(operation, arguments)
                    else:
                        seconds = self.client_work(holder, sessions[key][1], operation,
                                                   arguments)
                    self.note(item, key, seconds)
                contents = self.verify(item, holders.values(), contents,
                                       None if changes else contents)
            for connection, _ in sessions.values():
                connection.close()
            for name in holders:
                cur.execute(f'DROP SCHEMA {name} CASCADE')
        for client in clients.values():
            client.stop()

    def client_works(self, rand, singles):
        n = self.orm_n
        width = min(1000, n // 4)
        pairs = rand.sample(range(n * n), self.orm_pairs)
        by_author = {}
        for pair in pairs:
            by_author.setdefault(pair // n + 1, []).append(pair % n + 1)
        grouped = sorted(by_author.items())
        rand.shuffle(grouped)
        many_rows = rand.sample(range(1, n + 1), min(50, n))
        manies = [(a, rand.sample(range(1, n + 1), min(WIDTH, n // 2))) for a in many_rows]
        olds, news = [], []
        for a in rand.sample(range(1, n + 1), min(20, n)):
            old = rand.sample(range(1, n + 1), width)
            rest = sorted(set(range(1, n + 1)) - set(old))
            new = old[width // 10:] + rand.sample(rest, width // 10)
            rand.shuffle(new)
            olds.append((a, old))
            news.append((a, new))
        count = self.orm_pairs
        return [
            ('orm_one', 'clients: one link, a transaction each', 'link', len(singles),
             'one', [(a, [b]) for a, b in singles], True),
            ('orm_many', f'clients: one to {len(manies[0][1])}', 'link',
             len(manies) * len(manies[0][1]), 'link', manies, True),
            ('orm_bulk', f'clients: {count:,} random pairs', 'pair', count,
             'link', grouped, True),
            ('orm_again', f'clients: the same {count:,}, all there already', 'pair', count,
             'link', grouped, False),
            ('orm_unlink', f"clients: unlink {count // 2:,} pairs", 'link', count // 2,
             'unlink', half(grouped, count // 2), True),
            ('orm_first_set', f'clients: set rows to {width:,} links', 'call', len(olds),
             'set', olds, True),
            ('orm_set', f'clients: set {width:,} links of a row, 10 % change', 'call', len(news),
             'set', news, True),
        ]

    def client_session(self, peer):
        """A program's connection, which it keeps as the clients keep theirs."""
        connection, cur = self.session(peer)
        cur.execute(f"PREPARE one(bigint, bigint[]) AS {peer.statements['many']};"
                    f"PREPARE set(bigint, bigint[]) AS {peer.statements['set']};"
                    f"PREPARE pairs(bigint[], bigint[]) AS {peer.statements['pairs']}")
        return connection, cur

    def client_work(self, peer, cur, operation, groups):
        """What a program without ORM would send for the same work."""
        began = time.perf_counter()
        if operation == 'one':
            for a, ids in groups:
                cur.execute(f'EXECUTE one({a}, {array(ids)})')
        elif operation == 'set':
            cur.execute('BEGIN')
            for a, ids in groups:
                cur.execute(f'EXECUTE set({a}, {array(ids)})')
            cur.execute('COMMIT')
        else:
            lefts = array(a for a, ids in groups for _ in ids) + '::bigint[]'
            rights = array(b for _, ids in groups for b in ids) + '::bigint[]'
            if operation == 'link':
                cur.execute(f'EXECUTE pairs({lefts}, {rights})')
            elif peer.name == 'm2m':
                cur.execute(f"SELECT m2m_unlink('author', {lefts}, 'book', {rights})")
            else:
                cur.execute(f'DELETE FROM author_book USING unnest({lefts}, {rights}) AS p (a, b)'
                            ' WHERE author_id = p.a AND book_id = p.b')
        return time.perf_counter() - began

    # ------------------------------------------------------ growth, memory

    def growth(self):
        """What one more batch costs while the table grows."""
        sizes = [1, 10] + ([100] if self.options.huge else [])
        names = ('m2m', 'm2m_load', 'hand')
        peers = [peer for peer in self.peers if peer.name in names]
        for size in sizes:
            there = size * self.pairs
            n = max(self.n, math.isqrt(4 * there))
            batch = self.pairs
            item = self.item(f'growth_{size}m', f'{batch:,} random pairs where {there:,} are',
                             'pair', batch)
            for self.round in range(min(self.options.rounds, self.options.growth_rounds)):
                progress(f"{item['title']}, round {self.round + 1}")
                for peer in peers[self.round % len(peers):] + peers[:self.round % len(peers)]:
                    self.grow(peer, n, there, batch, item)

    def grow(self, peer, n, there, batch, item):
        """One peer, alone on the disk, with so many links, and a batch."""
        cur = self.cur
        self.peer_links(peer, n, there)
        cur.execute(f'''DROP TABLE IF EXISTS work.batch; SELECT setseed({(self.round + 1) / 1000});
            CREATE TABLE work.batch AS SELECT 1 + floor(random() * {n})::bigint AS a,
                1 + floor(random() * {n})::bigint AS b FROM generate_series(1, {batch});
            ANALYZE work.batch''')
        expected = self.query_contents(
            f'{peer.links()} UNION SELECT a, b FROM work.batch') if there <= 20_000_000 else None
        before = self.contents(peer)
        self.settle(peer)
        self.note(item, peer.name, self.statement(
            peer, peer.statements['bulk'].format(pairs='work.batch')))
        self.verify(item, [peer], before, expected)
        cur.execute(f'DROP SCHEMA {peer.name} CASCADE; CHECKPOINT')

    def peer_links(self, peer, n, there):
        """A peer's tables with so many links, quickly: in the order of the
        primary key, and the other index comes last."""
        cur = self.cur
        peer.create(cur, n)
        cur.execute("SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index"
                    " WHERE indrelid = 'author_book'::regclass AND NOT indisprimary")
        index, definition = cur.fetchone()
        # Numbers that hit no pair twice, as if at random: a walk through all
        # pairs by steps that have no divisor in common with their number.
        space = n * n
        step = int(space * 0.6180339887) | 1
        while math.gcd(step, space) != 1:
            step += 2
        cur.execute(f'''DROP INDEX {index};
            SET session_replication_role = replica;
            INSERT INTO author_book SELECT p / {n} + 1, p % {n} + 1 FROM
                (SELECT ((i::numeric * {step}) % {space})::bigint AS p
                   FROM generate_series(1, {there}) i) x ORDER BY p;
            RESET session_replication_role;
            {definition}''')

    def memory(self):
        """The backend's own memory while it loads 10 times as many pairs."""
        count = 10 * self.pairs
        item = self.item('load_memory', f'private memory of a backend that loads {count:,} pairs',
                         'pair', count)
        peers = [peer for peer in self.peers if peer.name in ('m2m_load', 'm2m_exclusive')]
        if not self.has_load:
            item['lines']['m2m_load'] = {'not_applicable': 'this m2m has no function m2m_load'}
        n = self.n
        self.cur.execute(f'''DROP TABLE IF EXISTS work.batch; SELECT setseed(.5);
            CREATE TABLE work.batch AS SELECT 1 + floor(random() * {n})::bigint AS a,
                1 + floor(random() * {n})::bigint AS b FROM generate_series(1, {count});
            ANALYZE work.batch; SHOW work_mem''')
        progress(item['title'])
        expected = self.query_contents('SELECT DISTINCT a, b FROM work.batch')
        self.cur.execute("SELECT setting::bigint FROM pg_settings WHERE name = 'work_mem'")
        item['work_mem_kb'] = self.cur.fetchone()[0]
        for peer in peers:
            peer.create(self.cur, n)
            self.settle(peer)
            connection, cur = self.session(peer)
            cur.execute('SELECT pg_backend_pid()')
            pid = cur.fetchone()[0]
            stop, peak, start = threading.Event(), [0], private_memory(pid)

            def watch():
                while not stop.wait(0.01):
                    peak[0] = max(peak[0], private_memory(pid))

            watcher = threading.Thread(target=watch)
            watcher.start()
            began = time.perf_counter()
            try:
                cur.execute(peer.statements['bulk'].format(pairs='work.batch'))
            finally:
                seconds = time.perf_counter() - began
                stop.set()
                watcher.join()
            peak[0] = max(peak[0], private_memory(pid))
            connection.close()
            self.note(item, peer.name, seconds, start_kb=start, peak_kb=peak[0])
            self.verify(item, [peer], None, expected)
            self.cur.execute(f'DROP SCHEMA {peer.name} CASCADE')

    # --------------------------------------------------------------- output

    def result(self):
        cur = self.cur
        cur.execute("SELECT name, current_setting(name) FROM pg_settings WHERE source IN"
                    " ('configuration file', 'command line') AND name !~ '^(lc_|log_|listen|port|"
                    "unix_|data_|config_|hba_|ident_|DateStyle|TimeZone|default_text)' ORDER BY 1")
        settings = dict(cur.fetchall())
        cur.execute("SELECT version(), current_setting('data_directory'),"
                    " (SELECT extversion FROM pg_extension WHERE extname = 'm2m')")
        version, data, m2m = cur.fetchone()
        for item in self.items.values():
            for line in item['lines'].values():
                if line.get('seconds'):
                    line['median'] = statistics.median(line['seconds'])
                    line['rounds'] = len(line['seconds'])
                    line['microseconds_per_unit'] = 1e6 * line['median'] / item['units']
                if line.get('bytes_per_link'):
                    line['median'] = statistics.median(line['bytes_per_link'])
        return {
            'date': time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
            'machine': machine(data),
            'server': version,
            'm2m': m2m,
            'commit': self.options.commit,
            'settings': settings,
            'scale': self.options.scale,
            'rounds': self.options.rounds,
            'sizes': {'endpoint_rows': self.n, 'pairs': self.pairs,
                      'client_endpoint_rows': self.orm_n, 'client_pairs': self.orm_pairs},
            'peers': [peer.name for peer in self.peers],
            'notes': self.notes,
            'items': self.items,
        }


def connect():
    connection = psycopg2.connect('')
    connection.autocommit = True
    return connection


def progress(text):
    print(text, file=sys.stderr, flush=True)


def array(ids):
    return "'{" + ','.join(map(str, ids)) + "}'"


def half(groups, count):
    """The first so many pairs of pairs grouped by author."""
    some = []
    for a, ids in groups:
        if count <= 0:
            break
        some.append((a, ids[:count]))
        count -= len(ids)
    return some


def write(cur, table, rows):
    text = io.StringIO(''.join(f'{a}\t{b}\n' for a, b in rows))
    cur.copy_expert(f'COPY {table} FROM STDIN', text)


def private_memory(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as status:
        return int(re.search(r'RssAnon:\s+(\d+)', status.read()).group(1))


def machine(data):
    cpu = re.search(r'model name\s*: (.*)', open('/proc/cpuinfo', encoding='utf8').read())
    memory = re.search(r'MemTotal:\s+(\d+)', open('/proc/meminfo', encoding='ascii').read())
    kind = subprocess.run(['stat', '-f', '-L', '-c', '%T', data], capture_output=True, text=True)
    return {
        'processor': cpu.group(1) if cpu else platform.machine(),
        'cores': os.cpu_count(),
        'memory_gb': round(int(memory.group(1)) / 1024 / 1024, 1),
        'file_system': kind.stdout.strip(),
        'kernel': platform.release().split('-')[0],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('output', help='the JSON file to write')
    parser.add_argument('--bindir', default='', help="where the server's pgbench is")
    parser.add_argument('--dir', help='for files of pairs (default: a temporary one)')
    parser.add_argument('--scale', type=float, default=1)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--client-rounds', type=int, default=3)
    parser.add_argument('--growth-rounds', type=int, default=3)
    parser.add_argument('--huge', action='store_true', help='growth to 100 M links')
    parser.add_argument('--peers', type=str.split, help='SQL peers (default: all)')
    parser.add_argument('--clients', type=str.split, help='clients (default: all), or none')
    parser.add_argument('--node-modules', help='where sequelize and pg are installed')
    parser.add_argument('--no-checkpoint', dest='checkpoint', action='store_false',
                        help='where times do not matter')
    parser.add_argument('--replace', help='"peer work statement": does other work, to'
                        ' test that this is noticed')
    parser.add_argument('--commit', default='')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='m2m-bench.') as directory:
        options.dir = options.dir or directory
        bench = Bench(options)
        try:
            bench.run()
        except Failure as failure:
            sys.exit(f'error: {failure}')
        result = bench.result()
    with open(options.output, 'w', encoding='utf8') as output:
        json.dump(result, output, indent=1)
        output.write('\n')


if __name__ == '__main__':
    main()
