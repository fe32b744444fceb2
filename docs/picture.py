#!/usr/bin/python3
"""Draws what a relationship is made of, as the system catalogs tell it: makes
the one of authors and books, reads it, undoes it, and prints an SVG.

It finds the server by libpq's environment variables and works in a schema of
its own, in one transaction that it rolls back; so it needs a superuser, and m2m
installed. The same relationship gives the same bytes. See docs/picture.
"""
import sys
import xml.etree.ElementTree as ET

import psycopg2

ENDPOINTS = '''
    CREATE TABLE author (id bigint PRIMARY KEY, name varchar(50) NOT NULL);
    CREATE TABLE book (id bigint PRIMARY KEY, title varchar(100) NOT NULL)'''
CREATE = "m2m_create('author', 'book')"

# Tables and views; which of them were there beforehand, the caller knows.
RELATIONS = '''
    SELECT c.oid, c.relkind::text, c.relname
      FROM pg_class c
     WHERE c.relnamespace = 'picture'::regnamespace AND c.relkind IN ('r', 'v')
     ORDER BY c.relname'''
COLUMNS = '''
    SELECT attname, replace(format_type(atttypid, atttypmod), 'character varying', 'varchar')
      FROM pg_attribute
     WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped
     ORDER BY attnum'''
INDEXES = '''
    SELECT CASE WHEN indisprimary THEN 'PRIMARY KEY' WHEN indisunique THEN 'UNIQUE' ELSE 'INDEX' END
           || ' (' || string_agg(pg_get_indexdef(indexrelid, n, true), ', ' ORDER BY n) || ')'
      FROM pg_index, generate_series(1, indnkeyatts) n
     WHERE indrelid = %s
     GROUP BY indexrelid, indisprimary, indisunique
     ORDER BY indisprimary DESC, 1'''
# One column each, here.
FOREIGN_KEYS = '''
    SELECT a.attname, confrelid::regclass::text, b.attname, confdeltype::text
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
      JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = confkey[1]
     WHERE contype = 'f' AND conrelid = %s
     ORDER BY conkey[1]'''
ON_DELETE = {'a': 'NO ACTION', 'r': 'RESTRICT', 'c': 'CASCADE', 'n': 'SET NULL', 'd': 'SET DEFAULT'}
# What a view reads, by its rule.
VIEW_READS = '''
    SELECT DISTINCT refobjid::regclass::text
      FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
     WHERE classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass
       AND ev_class = %(oid)s AND refobjid <> %(oid)s
     ORDER BY 1'''
# What m2m does in place of a write.
INSTEAD_OF = '''
    SELECT concat_ws(', ', CASE WHEN bool_or(tgtype & 4 > 0) THEN 'INSERT' END,
                     CASE WHEN bool_or(tgtype & 16 > 0) THEN 'UPDATE' END,
                     CASE WHEN bool_or(tgtype & 8 > 0) THEN 'DELETE' END)
      FROM pg_trigger
     WHERE tgrelid = %s AND tgtype & 64 > 0'''
FUNCTIONS = '''
    SELECT proname, proargtypes[0]::regtype::text, pg_get_function_arguments(oid),
           pg_get_function_result(oid)
      FROM pg_proc
     WHERE pronamespace = 'picture'::regnamespace
     ORDER BY proname'''
# What a function reads: it is a query, which the planner puts in its place.
PLAN = 'EXPLAIN (FORMAT JSON) SELECT f FROM "{1}" a, "{0}"(a) f'

WIDTH = 800
LINE = 21           # from one line of a box to the next
HEAD = 30
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
MONO = 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
STYLE = f'''
    text {{ font: 13px {SANS}; fill: #1f2937 }}
    .mono {{ font-family: {MONO} }}
    .title {{ font-size: 15px; font-weight: 600 }}
    .kind {{ font-size: 11px; fill: #ffffff }}
    .name {{ font-weight: 600; fill: #ffffff }}
    .faint {{ fill: #5b6472 }}
    .small {{ font-size: 11px }}
    .box {{ fill: #ffffff; stroke-width: 1.5 }}
    .yours {{ fill: #4b5563; stroke: #4b5563 }}
    .made {{ fill: #1d5fa8; stroke: #1d5fa8 }}
    .rule {{ stroke: #d5dae1; stroke-width: 1 }}
    .reference {{ stroke: #b4540a; stroke-width: 1.75; fill: none }}
    .reads {{ stroke: #1d5fa8; stroke-width: 1.5; stroke-dasharray: 5 4; fill: none }}
'''


class Box:
    """A table, view or function: heading, lines of (left, right), lines below."""

    def __init__(self, kind, name, lines, foot=(), reads=(), made=True):
        self.kind, self.name, self.made = kind, name, made
        self.lines, self.foot, self.reads = lines, list(foot), reads
        self.x = self.y = self.width = 0

    @property
    def height(self):
        return (HEAD + LINE * len(self.lines) + 8 +
                (LINE * len(self.foot) + 6 if self.foot else 0))

    @property
    def bottom(self):
        return self.y + self.height

    def place(self, x, y, width):
        self.x, self.y, self.width = x, y, width

    def line_y(self, name):
        """The middle of the line that begins with this name."""
        return self.y + HEAD + 4 + LINE * [a for a, _ in self.lines].index(name) + LINE / 2

    def draw(self, svg):
        colour = 'made' if self.made else 'yours'
        add(svg, 'rect', x=self.x, y=self.y, width=self.width, height=self.height, rx=6,
            **{'class': f'box {colour}', 'style': 'fill: #ffffff'})
        add(svg, 'path', **{'class': colour}, d=(
            f'M{self.x} {self.y + HEAD}v{6 - HEAD}q0 -6 6 -6h{self.width - 12}'
            f'q6 0 6 6v{HEAD - 6}z'))
        text(svg, self.x + 10, self.y + 20, self.name, 'mono name')
        text(svg, self.x + self.width - 10, self.y + 20, self.kind, 'kind', 'end')
        y = self.y + HEAD + 4
        for left, right in self.lines:
            text(svg, self.x + 10, y + 15, left, 'mono')
            if right:
                text(svg, self.x + self.width - 10, y + 15, right, 'mono faint', 'end')
            y += LINE
        if self.foot:
            y += 4
            add(svg, 'line', x1=self.x + 1, y1=y, x2=self.x + self.width - 1, y2=y,
                **{'class': 'rule'})
            for line in self.foot:
                text(svg, self.x + 10, y + 17, line, 'mono faint small')
                y += LINE


def add(parent, tag, **attributes):
    return ET.SubElement(parent, tag, {
        name.replace('_', '-'): format(value, 'g') if isinstance(value, (int, float)) else value
        for name, value in attributes.items()})


def text(parent, x, y, content, style='', anchor=None):
    attributes = {'x': x, 'y': y}
    if style:
        attributes['class'] = style
    if anchor:
        attributes['text_anchor'] = anchor
    add(parent, 'text', **attributes).text = content


def arrow(svg, style, d):
    add(svg, 'path', **{'class': style, 'd': d, 'marker_end': f'url(#{style}-end)'})


def relations_of_plan(node):
    """The tables that a plan reads."""
    found = {node['Relation Name']} if 'Relation Name' in node else set()
    for child in node.get('Plans', []):
        found |= relations_of_plan(child)
    return found


def read(cursor):
    """The boxes by (kind, name), and the foreign keys: from, to and their
    columns, and what becomes of a link whose row is deleted."""
    def rows(query, values=None):
        cursor.execute(query, values)
        return cursor.fetchall()

    cursor.execute(ENDPOINTS)
    there = {oid for oid, _, _ in rows(RELATIONS)}
    cursor.execute(f'SELECT {CREATE}')
    boxes, keys = {}, []
    for oid, kind, name in rows(RELATIONS):
        columns = rows(COLUMNS, (oid,))
        if kind == 'r':
            boxes['table', name] = Box('table', name, columns, made=oid not in there,
                                       foot=[line for line, in rows(INDEXES, (oid,))])
            keys += [(name, *key) for key in rows(FOREIGN_KEYS, (oid,))]
        else:
            (writes,), = rows(INSTEAD_OF, (oid,))
            boxes['view', name] = Box('view', name, columns,
                                      foot=[f'takes {writes}'] if writes else [],
                                      reads=[name for name, in rows(VIEW_READS, {'oid': oid})])
    for name, of, arguments, result in rows(FUNCTIONS):
        (plan,), = rows(PLAN.format(name, of))
        boxes['function', name] = Box(
            'function', name, [(f'({arguments}) → {result}', '')],
            reads=sorted(relations_of_plan(plan[0]['Plan']) - {of}))
    return boxes, keys


def draw(boxes, keys):
    """The association between its endpoints; functions above, views below the
    gap between the two tables that they read."""
    association = keys[0][0]
    left, right = keys[0][2], keys[1][2]
    tables = [boxes['table', name] for name in (left, association, right)]
    above = [box for (kind, _), box in boxes.items() if kind == 'function']
    below = [box for (kind, _), box in boxes.items() if kind == 'view']
    if len(boxes) != 7 or len(keys) != 2 or len(above) != 2 or len(below) != 2:
        sys.exit('this is not the relationship that the picture is made for')

    def by_side(box):
        if set(box.reads) == {left, association}:
            return 0
        if set(box.reads) == {right, association}:
            return 1
        sys.exit(f'{box.kind} {box.name} reads {box.reads}')

    y = 56
    for box in above:
        box.place((102, 438)[by_side(box)], y, 260)
    y += above[0].height + 44
    for box, x, width in zip(tables, (20, 270, 600), (180, 260, 180)):
        box.place(x, y, width)
    y = max(box.bottom for box in tables) + 44
    for box in below:
        box.place((102, 438)[by_side(box)], y, 260)
    y = max(box.bottom for box in below)
    height = y + 58

    svg = ET.Element('svg', {'xmlns': 'http://www.w3.org/2000/svg', 'role': 'img',
                             'viewBox': f'0 0 {WIDTH} {height}',
                             'width': str(WIDTH), 'height': str(height)})
    ET.SubElement(svg, 'title').text = f'What {CREATE} makes'
    ET.SubElement(svg, 'desc').text = describe(boxes, keys)
    ET.SubElement(svg, 'style').text = STYLE
    defs = ET.SubElement(svg, 'defs')
    for style, colour in (('reference', '#b4540a'), ('reads', '#1d5fa8')):
        marker = add(defs, 'marker', id=f'{style}-end', viewBox='0 0 10 10', refX=9, refY=5,
                     markerWidth=9, markerHeight=9, orient='auto', markerUnits='userSpaceOnUse')
        add(marker, 'path', d='M0 0.5L10 5L0 9.5z', fill=colour)
    add(svg, 'rect', x=0.5, y=0.5, width=WIDTH - 1, height=height - 1, rx=8, fill='#f7f9fb',
        stroke='#d5dae1')
    text(svg, 20, 33, f'What {CREATE} makes', 'title')

    for table, column, to, to_column, delete in keys:
        start, end = boxes['table', table], boxes['table', to]
        y1, y2 = start.line_y(column), end.line_y(to_column)
        x1, x2 = ((start.x, end.x + end.width + 2) if end.x < start.x else
                  (start.x + start.width, end.x - 2))
        middle = (x1 + x2) / 2
        arrow(svg, 'reference', f'M{x1:g} {y1:g}H{middle:g}V{y2:g}H{x2:g}')
        # Below both of its ends, where nothing else is.
        for i, line in enumerate(('ON DELETE', ON_DELETE[delete])):
            text(svg, middle, max(y1, y2) + 19 + 13 * i, line, 'small faint', 'middle')
    for box in above + below:
        for name in box.reads:
            table = boxes['table', name]
            # straight, where both are
            x = (max(box.x, table.x) + min(box.x + box.width, table.x + table.width)) / 2
            arrow(svg, 'reads', f'M{x:g} {box.bottom:g}V{table.y - 2:g}' if box.y < table.y else
                  f'M{x:g} {box.y:g}V{table.bottom + 2:g}')
    for box in boxes.values():
        box.draw(svg)

    y += 33
    for x, colour, label in ((20, 'yours', 'your tables'), (130, 'made', 'made by m2m, owned by you')):
        add(svg, 'rect', x=x, y=y - 10, width=14, height=12, rx=2, **{'class': colour})
        text(svg, x + 21, y, label)
    for x, style, label in ((360, 'reference', 'references (foreign key)'), (590, 'reads', 'reads')):
        arrow(svg, style, f'M{x} {y - 4:g}h36')
        text(svg, x + 45, y, label)
    ET.indent(svg, ' ')
    return ET.tostring(svg, encoding='unicode') + '\n'


def describe(boxes, keys):
    """The same in words."""
    said = []
    for box in sorted(boxes.values(), key=lambda b: (b.made, b.kind != 'table', b.kind == 'function')):
        line = f'{box.kind.capitalize()} {box.name}'
        if box.kind == 'function':
            line += box.lines[0][0].replace(' →', ' returns')
        else:
            line += f' ({", ".join(name for name, _ in box.lines)})'
        if box.reads:
            line += f' reads {" and ".join(box.reads)}'
        line += ''.join(f'; {column} references {to} ({to_column})'
                        for table, column, to, to_column, _ in keys
                        if (box.kind, table) == ('table', box.name))
        said.append(line)
    return '. '.join(said) + '.'


def main():
    connection = psycopg2.connect('')
    with connection.cursor() as cursor:
        cursor.execute('SET client_min_messages = warning')
        cursor.execute('CREATE SCHEMA picture')
        cursor.execute('CREATE EXTENSION IF NOT EXISTS m2m SCHEMA public')
        cursor.execute('SET search_path = picture, public')
        boxes, keys = read(cursor)
    connection.rollback()
    connection.close()
    sys.stdout.write(draw(boxes, keys))


if __name__ == '__main__':
    main()
