"""What a host calls: each service loads, decides by the domain's pure rules, and writes in one transaction."""
