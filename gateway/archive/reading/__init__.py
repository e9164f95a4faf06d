"""The archive as it is read: accounts, contacts and their links, correction cases, imports."""
