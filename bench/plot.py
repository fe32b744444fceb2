#!/usr/bin/python3
"""Draws the benchmark's results as SVG, machine and settings named inside.

    plot.py <results after report.py> <prefix of the files to write>
"""
import json
import sys

import matplotlib
matplotlib.use('svg')
import matplotlib.pyplot as plt  # noqa: E402

# Text stays text, and the same results give the same file.
plt.rcParams.update({'svg.fonttype': 'none', 'svg.hashsalt': 'm2m', 'font.size': 9,
                     'axes.spines.top': False, 'axes.spines.right': False})
OURS, HAND, OTHERS = '#2a6f97', '#b5651d', '#9aa0a6'


def main():
    with open(sys.argv[1], encoding='utf8') as file:
        result = json.load(file)
    prefix = sys.argv[2]
    draw(result, f'{prefix}-bulk.svg', 'Many links at once: microseconds per pair',
         ('bulk', 'bulk_again', 'bulk_half', 'unlink'))
    draw(result, f'{prefix}-rows.svg', 'Single rows: microseconds per link, call or read',
         ('one_link', 'one_to_many', 'set', 'read_left', 'read_right',
          'delete_author', 'delete_book', 'concurrent'))
    draw(result, f'{prefix}-clients.svg', 'Clients: microseconds per link or call',
         ('orm_one', 'orm_many', 'orm_bulk', 'orm_set'), log=True)
    ratios(result, f'{prefix}-ratios.svg')
    growth(result, f'{prefix}-growth.svg')


def colour(name):
    return OURS if name.startswith('m2m') else HAND if name == 'hand' else OTHERS


def draw(result, path, title, names, log=False):
    """A panel of bars for each piece of work: its peers' medians."""
    items = [(name, result['items'][name]) for name in names if name in result['items']]
    if not items:
        return
    rows = (len(items) + 1) // 2
    figure, axes = plt.subplots(rows, 2, figsize=(9, 2.6 * rows + .9), squeeze=False)
    for axis in axes.flat[len(items):]:
        axis.set_visible(False)
    for axis, (_, item) in zip(axes.flat, items):
        lines = {name: line['microseconds_per_unit'] for name, line in item['lines'].items()
                 if 'microseconds_per_unit' in line}
        names = sorted(lines, key=lines.get, reverse=True)
        bars = axis.barh(names, [lines[name] for name in names],
                         color=[colour(name) for name in names])
        axis.bar_label(bars, [f'{lines[name]:.3g}' for name in names], padding=2)
        axis.margins(x=.15)
        if log:
            axis.set_xscale('log')
        axis.set_title(item['title'], fontsize=9, loc='left')
    finish(figure, path, title + ', medians', result)


def ratios(result, path):
    """How many times faster than hand-written SQL, with what is required."""
    rows = [row for row in result['figures']
            if row['against'] in ('hand', 'copy') and row['reached']][::-1]
    figure, axis = plt.subplots(figsize=(9, .3 * len(rows) + 1.6))
    bars = axis.barh(range(len(rows)), [row['reached'] for row in rows], color=OURS)
    axis.set_yticks(range(len(rows)), [row['work'] for row in rows])
    axis.bar_label(bars, [f"{row['reached']:.2f} ×" for row in rows], padding=2)
    for y, row in enumerate(rows):
        if row['required'] is not None:
            axis.plot([row['required']] * 2, [y - .45, y + .45], color=HAND, linewidth=2)
    axis.axvline(1, color='black', linewidth=.6)
    axis.margins(x=.12, y=.02)
    finish(figure, path, 'm2m, times as fast as SQL by hand (mark: what it has to reach)', result)


def growth(result, path):
    """Cost per link while the table grows."""
    figure, axis = plt.subplots(figsize=(6, 3.6))
    sizes = [size for size in (1, 10, 100) if f'growth_{size}m' in result['items']]
    for name, style in (('hand', 's-'), ('m2m', 'o-'), ('m2m_load', 'o--')):
        points = [(size, result['items'][f'growth_{size}m']['lines'].get(name, {}).get(
            'microseconds_per_unit')) for size in sizes]
        points = [point for point in points if point[1]]
        if points:
            axis.plot(*zip(*points), style, color=colour(name), label=name)
    axis.set_xscale('log')
    axis.set_xticks(sizes, [f"{size * result['sizes']['pairs']:,}" for size in sizes])
    axis.minorticks_off()
    axis.set_ylim(bottom=0)
    axis.set_xlabel('links there')
    axis.set_ylabel('µs per further link')
    axis.legend(frameon=False)
    finish(figure, path, 'What a further link costs', result)


def finish(figure, path, title, result):
    machine, settings = result['machine'], result['settings']
    chosen = ('shared_buffers', 'work_mem', 'max_wal_size', 'checkpoint_timeout',
              'synchronous_commit', 'autovacuum')
    server = result['server'].split(' on ')[0].split(' (')[0]
    text = (f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB,"
            f" {machine['file_system']}; {server}; m2m {result['m2m']} {result['commit']};"
            f" {result['date']}; scale {result['scale']:g}, {result['rounds']} rounds\n"
            + ', '.join(f'{name} = {settings[name]}' for name in chosen if name in settings))
    figure.suptitle(title, x=.01, ha='left', fontsize=11)
    figure.text(.01, .01, text, fontsize=7, va='bottom')
    height = figure.get_size_inches()[1]
    figure.tight_layout(rect=(0, .4 / height, 1, 1))
    figure.savefig(path, metadata={'Date': None})
    plt.close(figure)


if __name__ == '__main__':
    main()
