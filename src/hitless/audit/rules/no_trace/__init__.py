"""HL7xx: nobody can tell afterwards."""
