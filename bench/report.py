#!/usr/bin/python3
"""Adds to the benchmark's results how m2m stands against its peers and against
the figures that it has to reach, and prints both.

    report.py <results of bench.py> <JSON file to write>
"""
import json
import sys

# The best that m2m offers for a work: the lines that count as "m2m".
CALL = ('m2m_load', 'm2m')

# what, item, m2m's line, the peer's line, at least
RATIOS = [
    ('random pairs, one call or m2m_load', 'bulk', CALL, 'hand', 5),
    ('the same with exclusive', 'bulk', ('m2m_exclusive',), 'hand', 8),
    ('the same, all already there', 'bulk_again', CALL, 'hand', 3),
    ('half of them there', 'bulk_half', CALL, 'hand', None),
    ('random pairs into ten times as many', 'growth_10m', ('m2m_load',), 'hand', 3.5),
    ('random pairs by INSERT … SELECT into the view', 'bulk', ('m2m_view',), 'hand', 4.5),
    ('random pairs by COPY into the view, against COPY', 'bulk', ('m2m_copy',), 'copy', 4),
    ('one-to-many of 100', 'one_to_many', ('m2m',), 'hand', 1.5),
    ('set of 1,000, 10 % change', 'set', ('m2m',), 'hand', 1.8),
    ('one link, prepared', 'one_link', ('m2m',), 'hand', 1),
    ('one link, a transaction each', 'one_link_autocommit', ('m2m',), 'hand', 1),
    ('unlink in bulk', 'unlink', ('m2m',), 'hand', None),
    ('cascade from an author', 'delete_author', ('m2m',), 'hand', None),
    ('cascade from a book', 'delete_book', ('m2m',), 'hand', None),
    ("reads of an author's links", 'read_left', ('m2m',), 'hand', None),
    ("reads of a book's links", 'read_right', ('m2m',), 'hand', None),
    ("reads of an author's links, by function", 'read_left', ('m2m_function',), 'hand', None),
    ("reads of a book's links, by function", 'read_right', ('m2m_function',), 'hand', None),
    ('two clients', 'concurrent', ('m2m',), 'hand', None),
]
CLIENTS = ('sqlalchemy', 'django', 'activerecord', 'sequelize')
# What is called equal: two runs of the very same work differ by as much here.
NOISE = 0.03


def main():
    with open(sys.argv[1], encoding='utf8') as file:
        result = json.load(file)
    result['figures'] = figures(result)
    with open(sys.argv[2], 'w', encoding='utf8') as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write('\n')
    print_result(result)


def figures(result):
    """Each figure: what, reached, required, whether it is met."""
    items = result['items']
    found = []

    def median(item, line):
        return items.get(item, {}).get('lines', {}).get(line, {}).get('median')

    def add(what, value, required, at_most=False, **more):
        if required is None or value is None:
            met = None
        elif at_most:
            met = value <= required
        elif required == 1:
            met = value >= 1 - NOISE
        else:
            met = value >= required
        found.append({'work': what, 'reached': value, 'required': required,
                      'bound': 'at most' if at_most else 'at least', 'met': met, **more})

    def best(item, lines):
        there = [(median(item, line), line) for line in lines if median(item, line)]
        return min(there, default=(None, None))

    def ratio(what, item, lines, peer, required):
        ours, line = best(item, lines)
        theirs = median(item, peer)
        add(what, theirs / ours if ours and theirs else None, required,
            item=item, line=line, against=peer)

    for row in RATIOS:
        ratio(*row)
    for client in CLIENTS:
        for item, what in (('orm_bulk', 'bulk'), ('orm_again', 'bulk, all there'),
                           ('orm_set', 'set')):
            if median(item, client):
                ratio(f'{client}: {what}', item, ('m2m',), client,
                      None if item == 'orm_again' else 20)
    for size in (10, 100):
        for line in ('m2m', 'm2m_load', 'hand'):
            small, large = median('growth_1m', line), median(f'growth_{size}m', line)
            if small and large:
                add(f'cost per link at {size} M against 1 M: {line}', large / small,
                    None, at_most=True,
                    item=f'growth_{size}m', line=line, against=f'{line} at 1 M')
    for line in ('m2m_load', 'm2m_exclusive', 'hand'):
        small, large = median('bulk', line), median('load_memory', line)
        if small and large:
            add(f'cost per link of 10 M into empty against 1 M: {line}', large / small / 10,
                1.3 if line == 'm2m_load' else None, at_most=True,
                item='load_memory', line=line, against=f'{line}, 1 M')
    memory = items.get('load_memory', {})
    for name, line in memory.get('lines', {}).items():
        if 'peak_kb' in line:
            add(f'private memory of {name}, 10 M pairs, MB', line['peak_kb'] / 1024,
                memory['work_mem_kb'] / 1024 + 64 if name == 'm2m_load' else None,
                at_most=True, item='load_memory', line=name, against='work_mem + 64 MB')
    return found


def print_result(result):
    machine = result['machine']
    print(f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB,"
          f" {machine['file_system']}; {result['server'].split(' (')[0].split(' on ')[0]};"
          f" m2m {result['m2m']} {result['commit']}")
    print(', '.join(f'{name} = {value}' for name, value in result['settings'].items()))
    print(f"scale {result['scale']}, {result['rounds']} rounds; medians\n")
    for name, item in result['items'].items():
        print(f"{item['title']} ({name})")
        base = item['lines'].get('hand', {}).get('median')
        for peer, line in item['lines'].items():
            if 'not_applicable' in line:
                print(f"    {peer:14} -  {line['not_applicable']}")
                continue
            if 'bytes_per_link' in line:
                print(f"    {peer:14} {line['median']:10.1f} bytes")
                continue
            text = (f"    {peer:14} {line['median']:10.4f} s {line['microseconds_per_unit']:10.2f}"
                    f" µs/{item['unit']:5}")
            if base:
                text += f" {base / line['median']:8.2f} x"
            if 'deadlocks' in line:
                text += f"   deadlocks {line['deadlocks']}"
            if 'peak_kb' in line:
                text += f"   memory {line['peak_kb'] // 1024} MB"
            print(text + f"   n={line['rounds']}")
    print(f"\n{'':52} {'reached':>9} {'required':>14}")
    for row in result['figures']:
        reached = '-' if row['reached'] is None else f"{row['reached']:.2f}"
        required, met = '', ''
        if row['required'] is not None:
            required = f"{row['bound']} {row['required']:g}"
            met = {True: 'met', False: 'NOT MET', None: 'not measured'}[row['met']]
        by = f" ({row['line']})" if row['line'] and row['line'] != 'm2m' else ''
        print(f"{row['work'] + by:52} {reached:>9} {required:>14}  {met}")
    for note in result['notes']:
        print(f'note: {note}')


if __name__ == '__main__':
    main()
