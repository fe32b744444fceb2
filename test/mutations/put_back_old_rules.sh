# Rules of a link view are saved as they were before the wait
#: SUITES=isolation ISOLATION="ddl_meanwhile"
sed -i 's/PushActiveSnapshot(GetLatestSnapshot());/PushActiveSnapshot(GetActiveSnapshot());/' src/view/view_save.c
