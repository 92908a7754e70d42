"""What the pages of the portal and the desk share: their look, their language, their forms, their headers."""
