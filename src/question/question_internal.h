/*
 * question_internal.h
 *		What the files of questions share.
 */
#ifndef M2M_QUESTION_INTERNAL_H
#define M2M_QUESTION_INTERNAL_H

#include "lib/stringinfo.h"
#include "nodes/execnodes.h"

#include "question.h"

/* Parameters of a statement, as they are gathered. */
typedef struct M2mParameters
{
	int			n;
	int			room;
	Oid		   *type;
	Datum	   *value;
} M2mParameters;

/* Rows being found by their keys; owned by seek.c. */
typedef struct M2mSeek M2mSeek;

/* question_text.c: what statements have in common, and running them */
extern char *m2m_whole_row(Oid relid);
extern void m2m_append_links(StringInfo sql, M2mRelationship *rel,
							 M2mSide far);
extern void m2m_append_association(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_row_match(StringInfo sql, M2mRelationship *rel,
								 M2mSide side, const char *alias);
extern void m2m_append_source_match(StringInfo sql, M2mRelationship *rel,
									M2mSide side, const char *source);
extern void m2m_append_linked(StringInfo sql, M2mRelationship *rel,
							  M2mSide side);
extern void m2m_append_ids(StringInfo sql, M2mRelationship *rel,
						   M2mSide side, M2mIds *ids, const char *alias,
						   bool numbered, M2mParameters *parameters);
extern int	m2m_add_parameter(M2mParameters *parameters, Oid type,
							  Datum value);
extern void m2m_run_question(const char *sql, M2mParameters *parameters,
							 ReturnSetInfo *rsinfo);

/* find_text.c: the SQL of a question, where the indexes alone will not do */
extern char *m2m_find_text(M2mFind *find, M2mParameters *parameters);
extern char *m2m_find_fetch_text(M2mFind *find);

/* seek.c: keys of rows, from the association's indexes alone */
extern M2mSeek *m2m_seek_begin(M2mFind *find);
extern bool m2m_seek_next(M2mSeek *seek, Datum *key);
extern void m2m_seek_end(M2mSeek *seek);

#endif							/* M2M_QUESTION_INTERNAL_H */
