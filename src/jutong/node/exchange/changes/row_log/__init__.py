"""What was committed at a MariaDB or MySQL since the last job, read from its row log ."""
