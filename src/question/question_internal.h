/*
 * question_internal.h
 *		What the files of questions share.
 */
#ifndef M2M_QUESTION_INTERNAL_H
#define M2M_QUESTION_INTERNAL_H

#include "lib/stringinfo.h"

#include "question.h"

/* Parameters of a statement, as they are gathered. */
typedef struct M2mParameters
{
	int			n;
	int			room;
	Oid		   *type;
	Datum	   *value;
} M2mParameters;

/* find_text.c: the SQL of a question, where the indexes alone will not do */
extern char *m2m_find_text(M2mFind *find, M2mParameters *parameters);
extern char *m2m_find_fetch_text(M2mFind *find);

#endif							/* M2M_QUESTION_INTERNAL_H */
