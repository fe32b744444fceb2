// The same as asyncpg_calls.py, with PostgreSQL's JDBC driver, which sends an
// array as one of the type that it is told. Its arguments are the URL, and for
// each call the query, the number of parameters, and these; elements of an
// array have a line feed between them.
import java.sql.*;

public class JdbcCalls {
    public static void main(String[] args) throws Exception {
        try (Connection connection = DriverManager.getConnection(args[0])) {
            for (int i = 1; i < args.length; ) {
                String query = args[i++];
                int count = Integer.parseInt(args[i++]);

                try (PreparedStatement statement = connection.prepareStatement(query)) {
                    ParameterMetaData types = statement.getParameterMetaData();

                    for (int p = 1; p <= count; p++)
                        set(connection, statement, p, types.getParameterTypeName(p), args[i++]);
                    print(statement.executeQuery());
                } catch (SQLException error) {
                    System.out.println("error " + error.getSQLState());
                }
            }
        }
    }

    private static void set(Connection connection, PreparedStatement statement, int p,
            String type, String value) throws SQLException {
        if (type.startsWith("_"))
            statement.setArray(p, connection.createArrayOf(type.substring(1),
                value.isEmpty() ? new Object[0] : value.split("\n")));
        else if (type.equals("int8"))
            statement.setLong(p, Long.parseLong(value));
        else if (type.equals("int2"))
            statement.setShort(p, Short.parseShort(value));
        else if (type.equals("int4"))
            statement.setInt(p, Integer.parseInt(value));
        else
            statement.setString(p, value);
    }

    private static void print(ResultSet rows) throws SQLException {
        StringBuilder line = new StringBuilder();

        while (rows.next()) {
            line.append(rows.isFirst() ? "" : ";");
            for (int c = 1; c <= rows.getMetaData().getColumnCount(); c++)
                line.append(c > 1 ? "|" : "").append(rows.getString(c));
        }
        System.out.println(line);
    }
}
