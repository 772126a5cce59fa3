"""The download page as its customers, and those who are none, meet it."""
