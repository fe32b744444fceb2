/*
 * check.h
 *		What is inconsistent in a relationship, and mending it.
 */
#ifndef M2M_CHECK_H
#define M2M_CHECK_H

#include "m2m.h"

/* What mends a finding: its SQL, or what we can do without looking up names */
typedef enum M2mFindingKind
{
	M2M_FINDING_SQL,
	M2M_FINDING_VIEW,			/* m2m_adopt */
	M2M_FINDING_FUNCTION,
	M2M_FINDING_EXPOSED
} M2mFindingKind;

typedef struct M2mFinding
{
	Oid			association;
	const char *severity;		/* error, warning or info */
	const char *what;
	const char *remedy;			/* SQL, or NULL: for the user to decide */
	M2mFindingKind kind;
	M2mSide		side;			/* of a M2M_FINDING_FUNCTION */
} M2mFinding;

/* check.c: what is inconsistent in a relationship */
extern List *m2m_check_relationship(Oid association);
extern M2mFinding *m2m_check_stray_view(Oid viewid);

/*
 * repair.c: mending what check.c finds, with the rights of the association's
 * owner, whose triggers and functions it may call
 */
extern List *m2m_repair_relationship(Oid association);

#endif							/* M2M_CHECK_H */
