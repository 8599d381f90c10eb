"""How a check ends: outcomes, evidence, waivers, root causes, verdict."""
