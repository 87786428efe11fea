"""Where real collaborators are watched and described."""
