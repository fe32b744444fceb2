/*
 * orphan_internal.h
 *		What orphan.c and orphan_commit.c share.
 */
#ifndef M2M_ORPHAN_INTERNAL_H
#define M2M_ORPHAN_INTERNAL_H

#include "m2m.h"
#include "rule_internal.h"

/* Statements of a rule about orphans. */
typedef enum OrphanStatement
{
	ORPHAN_UNLINKED,			/* keys that were unlinked by DELETE */
	ORPHAN_LEFT,				/* ... that have less links by UPDATE */
	ORPHAN_LINKED,				/* all that have links, before TRUNCATE */
	ORPHAN_LOST,				/* rows of those kept till commit */
	ORPHAN_LOST_MOVED,			/* the same where rows have got other keys */
	ORPHAN_LINKLESS,			/* rows without links in this relationship */
	ORPHAN_LOCK,				/* those locked */
	ORPHAN_DELETE
} OrphanStatement;

/* The table whose rows a rule is about. */
#define ENDPOINT(rule) ((rule)->rel->side[(rule)->side].relid)

/* orphan.c */
extern bool m2m_orphan_rules(Oid endpoint, List **rules);
extern AttrNumber *m2m_orphan_columns(List *rules, int *n, bool *alike);

/* orphan_commit.c */
extern void m2m_orphan_look(List *kept);
extern char *m2m_orphan_text(M2mRule *rule, int statement);

#endif							/* M2M_ORPHAN_INTERNAL_H */
