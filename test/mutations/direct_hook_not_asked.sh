# What has hooked the question for rights is not asked by the direct path
#: SUITES=tap PROVE_TESTS=test/t/pgaudit.pl NO_TOOLS=1
sed -i '/^m2m_check_permissions/,/^}/{s/ExecutorCheckPerms_hook == NULL/false/;s/if (required & ACL_\(DELETE\|INSERT\|UPDATE\))/if (false)/;s/if (required == ACL_SELECT)/if (false)/}' src/execute/permission.c
