"""The only room that speaks HTTP: connection, client, driver of the kinds' exchanges, probe of the server, secrets."""
