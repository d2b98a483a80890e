"""What people see: documents as terminal text, charts and one-file pages.  Reads documents, opens no file."""
